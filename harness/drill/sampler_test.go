package drill

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/probe"
)

// sampled runs a sampler for a while and returns what its only probe saw.
func sampled(t *testing.T, asked harness.Probe, lasts time.Duration) (harness.RecordSLI, *sampler) {
	t.Helper()
	sampler := newSampler(t.Context(), newFakeCluster(), time.Now())
	testkit.Must(t, sampler.watch(isSteadyPart, asked))
	time.Sleep(lasts)
	synctest.Wait()
	testkit.Must(t, sampler.stop(t.Context()))
	return sampler.slis()[0], sampler
}

// Goal: checks are asked at fixed times however slow the answers are: no coordinated omission.
// Method: a probe whose answers take nine periods; the k-th sample is due at k periods exactly, and
// all but those in flight at the end are there.
func TestSamplerKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		sli, _ := sampled(t, fakeProbe{
			name: "slow", period: 100 * time.Millisecond, latency: 900 * time.Millisecond,
			cluster: cluster,
		}, 10*time.Second)
		if asked := cluster.asked(); asked != 101 {
			t.Errorf("asked %d times in 10 s at 100 ms", asked)
		}
		if len(sli.Intervals) != 1 || sli.Intervals[0].Samples != 92 || sli.Intervals[0].To != 9100*time.Millisecond {
			t.Errorf("intervals: %+v", sli.Intervals)
		}
		if seen := sli.Intervals[0].Seen; seen != 900*time.Millisecond {
			t.Errorf("first answer at %v", seen)
		}
	})
}

// Goal: a probe that hangs fails at its time limit and does not hold the timing up; an outage
// counts from the time the first unanswered check was due. Method: hang from 1 s to 5 s.
func TestSamplerWhenTheProbeHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		time.AfterFunc(950*time.Millisecond, func() { cluster.hang("service") })
		time.AfterFunc(4950*time.Millisecond, func() { cluster.heal("service") })
		sli, _ := sampled(t, fakeProbe{name: "service", period: 100 * time.Millisecond, cluster: cluster}, 10*time.Second)
		if len(sli.Intervals) != 3 {
			t.Fatalf("intervals: %+v", sli.Intervals)
		}
		hung := sli.Intervals[1]
		if hung.Up || hung.From != time.Second || hung.To != 4900*time.Millisecond || hung.Samples != 40 {
			t.Errorf("the hung interval: %+v", hung)
		}
		if hung.Seen != 3*time.Second || !strings.Contains(hung.Error, "no answer within 2s") {
			t.Errorf("known at %v by %q", hung.Seen, hung.Error)
		}
	})
}

// Goal: a check that does not heed its time limit is answered for, piles up to a bound and no
// further, and what cannot be asked any more counts as failed with that reason. Method: a deaf probe.
func TestSamplerBoundsWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		cluster.hang("service")
		sampler := newSampler(t.Context(), cluster, time.Now())
		testkit.Must(
			t,
			sampler.watch(isSteadyPart, fakeProbe{name: "service", period: 100 * time.Millisecond, cluster: cluster, deaf: true}),
		)
		time.Sleep(20 * time.Second)
		if bound := 20 + 64; cluster.asked() != bound { // within the limit of 2 s, and beyond it
			t.Errorf("%d checks in flight, the bound is %d", cluster.asked(), bound)
		}
		intervals := sampler.slis()[0].Intervals
		if len(intervals) != 1 || intervals[0].Up || intervals[0].Samples < 170 ||
			!strings.Contains(intervals[0].Error, "earlier questions still wait") {
			t.Errorf("intervals: %+v", intervals)
		}
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sampler.stop(limited); err == nil {
			t.Error("stop waited for a probe that does not end, or did not say so")
		}
		time.Sleep(2 * time.Hour) // the deaf checks end, so that the bubble can
	})
}

// Goal: answers are put in the order of the timing before they are joined into intervals. Method: the
// third check of five is answered last, and differs.
func TestSamplerOrdersAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		sli, _ := sampled(t, funcProbe{period: 100 * time.Millisecond, check: func() error {
			if asked.Add(1) == 3 {
				time.Sleep(350 * time.Millisecond)
				return errors.New("third")
			}
			return nil
		}}, time.Second)
		if len(sli.Intervals) != 3 || sli.Intervals[1].From != 200*time.Millisecond || sli.Intervals[1].To != 200*time.Millisecond {
			t.Fatalf("intervals: %+v", sli.Intervals)
		}
		if sli.Intervals[1].Seen != 550*time.Millisecond || sli.Intervals[2].From != 300*time.Millisecond ||
			sli.Intervals[2].Seen != 300*time.Millisecond {
			t.Errorf("intervals: %+v", sli.Intervals)
		}
	})
}

// A funcProbe is a probe made of a function.
type funcProbe struct {
	period time.Duration
	check  func() error
}

func (p funcProbe) Name() string { return "function" }

func (p funcProbe) Period() time.Duration { return p.period }

func (p funcProbe) Check(context.Context, harness.Observer) error { return p.check() }

// Goal: the moment of a change is enclosed by After and By, and checks that were left out are
// counted. Method: append samples by hand: a late one after a gap, a failure that hangs, an answer
// that overtakes those that hung.
func TestSeriesEnclosesEachChange(t *testing.T) {
	started := time.Now()
	ms := func(n int) time.Time { return started.Add(time.Duration(n) * time.Millisecond) }
	down := errors.New("refused")
	series := &series{probe: funcProbe{period: 20 * time.Millisecond}}
	for _, sample := range []harness.Sample{
		{Due: ms(0), Asked: ms(0), Seen: ms(1)},
		{Due: ms(20), Asked: ms(22), Seen: ms(24)},
		{Due: ms(100), Asked: ms(101), Seen: ms(601), Err: down}, // three were left out; this one hung
		{Due: ms(120), Asked: ms(120), Seen: ms(620), Err: down},
		{Due: ms(140), Asked: ms(140), Seen: ms(300)}, // hung, and was answered when the service came back
		{Due: ms(160), Asked: ms(161), Seen: ms(162)}, // asked later, answered first
	} {
		series.append(sample, started)
	}
	if series.skipped != 3 || series.longestGap != 79*time.Millisecond {
		t.Errorf("%d left out, the longest gap %v", series.skipped, series.longestGap)
	}
	if len(series.intervals) != 3 {
		t.Fatalf("intervals: %+v", series.intervals)
	}
	lost, back := series.intervals[1], series.intervals[2]
	if lost.After != 22*time.Millisecond || lost.By != 103*time.Millisecond {
		t.Errorf("lost between %v and %v", lost.After, lost.By)
	}
	if back.From != 140*time.Millisecond || back.After != 140*time.Millisecond || back.By != 162*time.Millisecond ||
		back.Seen != back.By {
		t.Errorf("back between %v and %v: %+v", back.After, back.By, back)
	}
}

// Goal: answers that a machine which was held up delivers in another order say nothing of when the service came back. Method:
// a check that was asked after the return and answered at once, of which the harness learns after the answer to the next one.
func TestSeriesIsNotMisledByTheOrderOfAnswers(t *testing.T) {
	started := time.Now()
	ms := func(n int) time.Time { return started.Add(time.Duration(n) * time.Millisecond) }
	series := &series{probe: funcProbe{period: 20 * time.Millisecond}}
	for _, sample := range []harness.Sample{
		{Due: ms(0), Asked: ms(0), Seen: ms(1)},
		{Due: ms(20), Asked: ms(20), Seen: ms(70), Err: errors.New("refused")}, // the service is back 5 ms later
		{Due: ms(40), Asked: ms(40), Seen: ms(71)},
		{Due: ms(60), Asked: ms(60), Seen: ms(70)},
	} {
		series.append(sample, started)
	}
	back := series.intervals[2]
	if back.After != 20*time.Millisecond || back.By != 70*time.Millisecond || back.Seen != back.By {
		t.Errorf("back between %v and %v: %+v", back.After, back.By, back)
	}
}

// Goal: a probe that the agent asks by itself is asked there, follows its target, and is doubted when
// the agent is gone. Method: a fake agent whose answers depend on the check it was given last.
func TestSamplerLetsTheAgentAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := &fakeAgent{fakeCluster: newFakeCluster(), gone: make(chan struct{})}
		var port atomic.Uint32
		port.Store(80)
		asked := probe.NetworkProbe{Label: "site", Checks: func(harness.Observer) (harness.Check, error) {
			return harness.Check{TCP: &harness.TCPCheck{At: netip.AddrPortFrom(netip.IPv6Loopback(), uint16(port.Load()))}}, nil
		}}
		sampler := newSampler(t.Context(), agent, time.Now())
		testkit.Must(t, sampler.watch(isWatched, asked))
		time.Sleep(990 * time.Millisecond)
		port.Store(81) // the agent knows nothing there
		time.Sleep(time.Second)
		synctest.Wait()
		intervals := sampler.slis()[0].Intervals
		if len(intervals) != 2 || !intervals[0].Up || intervals[1].Up || intervals[1].From < 980*time.Millisecond ||
			intervals[1].From > 1060*time.Millisecond {
			t.Errorf("intervals: %+v", intervals)
		}
		close(agent.gone)
		synctest.Wait()
		if problems := sampler.problems(false); len(problems) != 1 || !strings.Contains(problems[0], "agent that asked is gone") {
			t.Errorf("problems: %q", problems)
		}
		testkit.Must(t, sampler.stop(t.Context()))
	})
}

// A fakeAgent answers yes for port 80.
type fakeAgent struct {
	*fakeCluster
	gone chan struct{}

	mu    sync.Mutex
	asked harness.Check
}

func (a *fakeAgent) StartCheck(
	ctx context.Context, from string, check harness.Check, timing harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	if from != harness.VantageObserver {
		return nil, errors.New("asked of " + from)
	}
	a.mu.Lock()
	a.asked = check
	a.mu.Unlock()
	go func() {
		_ = schedule.Keep(ctx, timing, func(context.Context) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.asked.TCP.At.Port() != 80 {
				return errors.New("refused")
			}
			return nil
		}, func(sample harness.Sample) { samples([]harness.Sample{sample}) })
	}()
	return a, nil
}

func (a *fakeAgent) Change(check harness.Check) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = check
	return nil
}

func (a *fakeAgent) Done() <-chan struct{} { return a.gone }

// Goal: a network probe names what it cannot ask, and asks once when it is checked. Method: checks
// that make no sense, and one check each way.
func TestNetworkProbe(t *testing.T) {
	for _, check := range []harness.Check{
		{},
		{TCP: &harness.TCPCheck{}},
		{DNS: &harness.DNSCheck{Resolver: netip.MustParseAddrPort("[::1]:53"), Name: "x", Type: "MX"}},
		{HTTP: &harness.HTTPCheck{At: netip.MustParseAddrPort("[::1]:80")}, Ping: &harness.PingCheck{At: netip.IPv6Loopback()}},
	} {
		if _, err := (probe.NetworkProbe{Label: "x", Checks: probe.Fixed(check)}).Current(nil); err == nil {
			t.Errorf("%+v is accepted", check)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		agent := &fakeAgent{fakeCluster: newFakeCluster(), gone: make(chan struct{})}
		check := func(port uint16) error {
			check := harness.Check{TCP: &harness.TCPCheck{At: netip.AddrPortFrom(netip.IPv6Loopback(), port)}}
			return probe.NetworkProbe{Label: "x", Checks: probe.Fixed(check)}.Check(t.Context(), agent)
		}
		testkit.Expect(t, check(80), "")
		if err := check(81); err == nil {
			t.Error("a refused connection is accepted")
		}
	})
}

// Goal: interruptions of the same cause that overlap are told as one. Method: three, of which two overlap.
func TestMergeInterruptions(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(offset, length time.Duration, reason string) harness.Interruption {
		return harness.Interruption{From: start.Add(offset), Length: length, Reason: reason}
	}
	got := mergeInterruptions([]harness.Interruption{
		at(5*time.Second, time.Second, "a"), at(time.Second, time.Second, "b"),
		at(5500*time.Millisecond, 2*time.Second, "a"), at(9*time.Second, time.Second, "a"),
	})
	if len(got) != 3 || got[0].Reason != "b" || got[1].Length != 2500*time.Millisecond ||
		!got[2].From.Equal(start.Add(9*time.Second)) {
		t.Errorf("merged: %+v", got)
	}
}
