//go:build linux

package agent_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

const (
	askPeriod = 10 * time.Millisecond
	askLimit  = 200 * time.Millisecond
	// askPatience is far beyond what a sample takes to arrive.
	askPatience = 10 * time.Second
)

// ask has the agent ask and returns the samples as a channel, in the order they came.
func ask(
	ctx context.Context, t *testing.T, client *agent.Client, check harness.Check,
) (harness.CheckStream, <-chan harness.Sample) {
	t.Helper()
	samples := make(chan harness.Sample, 100_000)
	var inside atomic.Int32
	asking, err := client.StartCheck(ctx, check, harness.Schedule{Period: askPeriod, Limit: askLimit}, func(batch []harness.Sample) {
		if inside.Add(1) > 1 {
			t.Error("samples come on two goroutines at once")
		}
		for _, sample := range batch {
			samples <- sample
		}
		inside.Add(-1)
	})
	testkit.Must(t, err)
	return asking, samples
}

// take waits for the next sample.
func take(t *testing.T, samples <-chan harness.Sample) harness.Sample {
	t.Helper()
	select {
	case sample := <-samples:
		return sample
	case <-time.After(askPatience):
		t.Fatalf("no sample came within %v", askPatience)
		return harness.Sample{}
	}
}

// until waits for a sample with the answer, past those without it.
func until(t *testing.T, samples <-chan harness.Sample, wants string) harness.Sample {
	t.Helper()
	for deadline := time.Now().Add(askPatience); time.Now().Before(deadline); {
		if sample := take(t, samples); text(sample.Err) == wants {
			return sample
		}
	}
	t.Fatalf("no answer was %q within %v", wants, askPatience)
	return harness.Sample{}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func done(t *testing.T, asking harness.CheckStream) {
	t.Helper()
	select {
	case <-asking.Done():
	case <-time.After(askPatience):
		t.Fatalf("the asking is not done after %v", askPatience)
	}
}

func tcp(at string) harness.Check {
	return harness.Check{TCP: &harness.TCPCheck{At: netip.MustParseAddrPort(at)}}
}

func httpGet(at string) harness.Check {
	return harness.Check{HTTP: &harness.HTTPCheck{At: netip.MustParseAddrPort(at)}}
}

// Goal: every check of the schedule arrives once, in order, on the harness's clock. Method: half a
// second of samples from a server that accepts; the due times must be whole periods apart and, since
// both clocks are this machine's, lie between the beginning and now within the uncertainty.
func TestAskStreamsSamples(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	clock, err := client.Clock(t.Context())
	testkit.Must(t, err)
	slack := 2 * clock.Uncertainty
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := time.Now().Add(-slack)
	asking, samples := ask(ctx, t, client, tcp(serve(t, func(connection *net.TCPConn) { connection.Close() })))
	first := take(t, samples)
	if waited := time.Since(before); first.Due.Before(before) || waited > askPatience {
		t.Errorf("the first check was due %v before it was asked for", before.Sub(first.Due))
	}
	for last := first; last.Due.Sub(first.Due) < 500*time.Millisecond; {
		next := take(t, samples)
		apart := next.Due.Sub(last.Due)
		switch {
		case next.Err != nil:
			t.Fatalf("the answer is %v", next.Err)
		case apart <= 0 || apart%askPeriod != 0:
			t.Fatalf("checks are due %v apart with the period %v", apart, askPeriod)
		case next.Asked.Before(next.Due) || next.Seen.Before(next.Asked) || next.Seen.After(time.Now().Add(slack)):
			t.Fatalf("due %v, asked %v later, answered %v later, now is %v after", next.Due, next.Asked.Sub(next.Due),
				next.Seen.Sub(next.Asked), time.Since(next.Seen))
		}
		last = next
	}
	cancel()
	done(t, asking)
}

// Goal: a changed check is asked without a new schedule, and a change of the answer comes at once.
// Method: from a server to a closed port and back; due times must stay whole periods apart.
func TestAskChanges(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	open := tcp(serve(t, func(connection *net.TCPConn) { connection.Close() }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	closed := tcp(listener.Addr().String())
	listener.Close()
	asking, samples := ask(t.Context(), t, client, open)
	first := until(t, samples, "")
	for _, c := range []struct {
		check harness.Check
		wants string
	}{{closed, "connection refused"}, {open, ""}, {closed, "connection refused"}} {
		testkit.Must(t, asking.Change(c.check))
		if apart := until(t, samples, c.wants).Due.Sub(first.Due); apart%askPeriod != 0 {
			t.Errorf("after a change checks are due %v after the first, with the period %v", apart, askPeriod)
		}
	}
	testkit.Expect(t, asking.Change(harness.Check{}), "a check is one of")
}

// Goal: a service that hangs fails at the time limit, while its checks go on being asked. Method: a
// server that never answers, and counts how many connections it holds at once.
func TestAskOfASilentServer(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	var open, most atomic.Int32
	at := serve(t, func(connection *net.TCPConn) {
		for now := open.Add(1); ; {
			if seen := most.Load(); now <= seen || most.CompareAndSwap(seen, now) {
				break
			}
		}
		_, _ = io.Copy(io.Discard, connection)
		open.Add(-1)
		connection.Close()
	})
	_, samples := ask(t.Context(), t, client, httpGet(at))
	var last harness.Sample
	for range 20 {
		sample := take(t, samples)
		if took := sample.Seen.Sub(sample.Asked); text(sample.Err) != "no answer in time" || took < askLimit ||
			took > askLimit+askPatience {
			t.Fatalf("after %v the answer is %v", took, sample.Err)
		}
		if !last.Due.IsZero() && sample.Due.Sub(last.Due)%askPeriod != 0 {
			t.Errorf("checks are due %v apart", sample.Due.Sub(last.Due))
		}
		last = sample
	}
	if most.Load() < 3 {
		t.Errorf("at most %d checks were in flight: the schedule waited for answers", most.Load())
	}
}

// Goal: the end of the context ends the asking in the agent too, and the end of the stream ends it
// here. Method: a server that counts: after the end nobody connects any more. Then the agent is ended
// under another asking.
func TestAskEnds(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	var connections atomic.Int64
	at := serve(t, func(connection *net.TCPConn) {
		connections.Add(1)
		connection.Close()
	})
	ctx, cancel := context.WithCancel(t.Context())
	asking, samples := ask(ctx, t, client, tcp(at))
	take(t, samples)
	cancel()
	done(t, asking)
	await(t, "the end of the asking", func() error {
		before := connections.Load()
		time.Sleep(5 * askPeriod)
		if connections.Load() != before {
			return errors.New("the agent goes on")
		}
		return nil
	})
	if err := asking.Change(tcp(at)); err == nil {
		t.Error("an asking that has ended was changed")
	}

	asking, samples = ask(t.Context(), t, client, tcp(at))
	take(t, samples)
	testkit.Must(t, client.Close())
	done(t, asking)
}

// Goal: what cannot be asked is refused at once, in words. Method: a check of no kind, one the
// agent alone finds fault with, no period, a context that has ended.
func TestAskRefuses(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	good := tcp("127.0.0.1:1")
	slashless := httpGet("127.0.0.1:1")
	slashless.HTTP.Path = "no-slash"
	never := func([]harness.Sample) { t.Error("a sample came") }
	for _, c := range []struct {
		check  harness.Check
		period time.Duration
		wants  string
	}{
		{harness.Check{}, askPeriod, "ask from here: a check is one of"},
		{slashless, askPeriod, `ask from here: the path "no-slash"`},
		{good, 0, "ask from here: the period is 0s: it must be positive"},
	} {
		if _, err := client.StartCheck(t.Context(), c.check, harness.Schedule{Period: c.period}, never); err == nil ||
			!strings.Contains(err.Error(), c.wants) {
			t.Errorf("the error is %v, want %q", err, c.wants)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.StartCheck(ctx, good, harness.Schedule{Period: askPeriod}, never); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// Goal: the agent says what it uses, as the kernel counts it. Method: burn processor time within its
// process, which is this one, and look that the count grows by at least as much.
func TestUsage(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	before, err := client.Usage(t.Context())
	testkit.Must(t, err)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for until, sum := threadTime(t)+100*time.Millisecond, 0; threadTime(t) < until; sum++ {
	}
	after, err := client.Usage(t.Context())
	testkit.Must(t, err)
	if grown := after.CPU - before.CPU; grown < 90*time.Millisecond {
		t.Errorf("the processor time grew by %v, want at least 90 ms", grown)
	}
	if after.PeakMemory < 1<<20 || after.PeakMemory > 8<<30 {
		t.Errorf("at most %d bytes were used", after.PeakMemory)
	}
}

// threadTime is the processor time of this thread.
func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var now unix.Timespec
	testkit.Must(t, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now))
	return time.Duration(now.Nano())
}
