package agent

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// stalling is a stream that carries nothing while it is stalled, as one to a process that is starved does.
type stalling struct {
	net.Conn
	stalled atomic.Bool
}

func (s *stalling) Write(p []byte) (int, error) {
	for s.stalled.Load() {
		time.Sleep(100 * time.Millisecond)
	}
	return s.Conn.Write(p)
}

// serveFake is an agent that knows the time and takes renewals.
func serveFake(t *testing.T, stream io.ReadWriteCloser) (renewals *atomic.Int64) {
	t.Helper()
	session, err := yamux.Server(stream, protocol.Multiplexing(io.Discard))
	testkit.Must(t, err)
	renewals = new(atomic.Int64)
	mux := http.NewServeMux()
	mux.Handle(protocol.PathHello, protocol.Handle(func(context.Context, protocol.Nothing) (protocol.Hello, error) {
		return protocol.Hello{Version: protocol.Version}, nil
	}))
	mux.Handle(protocol.PathClock, protocol.Handle(func(context.Context, protocol.Nothing) (protocol.Reading, error) {
		return protocol.Reading{}, nil
	}))
	mux.Handle(protocol.PathRenew, protocol.Handle(func(context.Context, protocol.Renewal) (protocol.Renewed, error) {
		renewals.Add(1)
		return protocol.Renewed{}, nil
	}))
	mux.Handle(protocol.PathUsage, protocol.Handle(func(context.Context, protocol.Nothing) (protocol.Usage, error) {
		return protocol.Usage{}, nil
	}))
	go func() { _ = http.Serve(session, mux) }() //nolint:gosec // a fake needs no time limits
	return renewals
}

// stalledSide has TestStalledStreamGoesOn stall one side, in a process of its own: yamux keeps timers for whoever needs one
// next, which must not be from one bubble in the other.
const stalledSide = "REPRISE_TEST_STALLED_SIDE"

// Goal: a stream that carries nothing for a while, because one side or the engine is starved, is the same stream
// afterwards: no limit is as short as the silence that the agent bears. Before, the multiplexer gave up after 15 s.
// Method: either direction stalls for as long as that, where time is faked, while the harness goes on to renew and to ask.
func TestStalledStreamGoesOn(t *testing.T) {
	if side := os.Getenv(stalledSide); side != "" {
		synctest.Test(t, func(t *testing.T) { stall(t, side) })
		return
	}
	for _, side := range []string{"harness", "agent"} {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStalledStreamGoesOn$", "-test.v")
		process.Env = append(os.Environ(), stalledSide+"="+side)
		if output, err := process.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS") {
			t.Errorf("%s: %v\n%s", side, err, output)
		}
	}
	if config := protocol.Multiplexing(io.Discard); config.EnableKeepAlive || config.StreamOpenTimeout > 0 ||
		config.ConnectionWriteTimeout < protocol.Silence {
		t.Errorf("the multiplexer gives up before the lease: %+v", config)
	}
}

// stall has a side of a stream stand still, and go on.
func stall(t *testing.T, side string) {
	t.Helper()
	near, far := net.Pipe()
	here, there := &stalling{Conn: near}, &stalling{Conn: far}
	renewals := serveFake(t, there)
	client, err := Connect(t.Context(), "here", here)
	testkit.Must(t, err)
	defer client.Close()
	stalled := map[string]*stalling{"harness": here, "agent": there}[side]
	stalled.stalled.Store(true)
	asked := make(chan error, 1)
	go func() {
		_, err := client.Usage(context.Background())
		asked <- err
	}()
	time.Sleep(protocol.Silence)
	stalled.stalled.Store(false)
	if err := <-asked; err != nil {
		t.Errorf("what was asked meanwhile: %v", err)
	}
	before := renewals.Load()
	time.Sleep(4 * protocol.RenewEvery)
	if more := renewals.Load() - before; more < 2 || client.Gone() != nil {
		t.Errorf("%d renewals in 4 s, gone: %v", more, client.Gone())
	}
}

// Goal: an agent that has not answered for longer than it would bear silence itself is gone, although the stream
// looks open; until then a stall is none. Method: a stream that stalls for ever, and short limits.
func TestSilentAgentIsLost(t *testing.T) {
	near, far := net.Pipe()
	there := &stalling{Conn: far}
	serveFake(t, there)
	client, err := connect(t.Context(), "here", near, renewing{
		every: 20 * time.Millisecond, limit: 50 * time.Millisecond,
		lostAfter: 500 * time.Millisecond,
	})
	testkit.Must(t, err)
	time.Sleep(100 * time.Millisecond)
	there.stalled.Store(true)
	defer there.stalled.Store(false)
	began := time.Now()
	select {
	case <-client.Lost():
	case <-time.After(10 * time.Second):
		t.Fatal("it is there after 10 s")
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("the agent was lost after %v", took)
	}
	testkit.Expect(t, client.Close(), "")
}
