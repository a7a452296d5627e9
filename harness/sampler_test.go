package harness

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// sampled runs a sampler for a while and returns what its only probe saw.
func sampled(t *testing.T, probe Probe, lasts time.Duration) (RecordSLI, *sampler) {
	t.Helper()
	sampler := newSampler(t.Context(), newFakeCluster(), time.Now())
	must(t, sampler.watch(true, probe))
	time.Sleep(lasts)
	synctest.Wait()
	must(t, sampler.stop(t.Context()))
	return sampler.slis()[0], sampler
}

// Goal: questions are asked at fixed times however slow the answers are: no coordinated omission.
// Method: a probe whose answers take nine periods; the k-th sample is due at k periods exactly, and
// all but those in flight at the end are there.
func TestSamplerKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		sli, _ := sampled(t, fakeProbe{name: "slow", period: 100 * time.Millisecond, latency: 900 * time.Millisecond, cluster: cluster}, 10*time.Second)
		if asked := cluster.asked(); asked != 101 {
			t.Errorf("asked %d times in 10 s at 100 ms", asked)
		}
		if len(sli.Spells) != 1 || sli.Spells[0].Samples != 92 || sli.Spells[0].To != 9100*time.Millisecond {
			t.Errorf("spells: %+v", sli.Spells)
		}
		if seen := sli.Spells[0].Seen; seen != 900*time.Millisecond {
			t.Errorf("first answer at %v", seen)
		}
	})
}

// Goal: a probe that hangs fails at its time limit and does not hold the schedule up; an outage
// counts from the time the first unanswered question was due. Method: hang from 1 s to 5 s.
func TestSamplerWhenTheProbeHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		time.AfterFunc(950*time.Millisecond, func() { cluster.hang("service") })
		time.AfterFunc(4950*time.Millisecond, func() { cluster.heal("service") })
		sli, _ := sampled(t, fakeProbe{name: "service", period: 100 * time.Millisecond, cluster: cluster}, 10*time.Second)
		if len(sli.Spells) != 3 {
			t.Fatalf("spells: %+v", sli.Spells)
		}
		hung := sli.Spells[1]
		if hung.Up || hung.From != time.Second || hung.To != 4900*time.Millisecond || hung.Samples != 40 {
			t.Errorf("the hung spell: %+v", hung)
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
		must(t, sampler.watch(true, fakeProbe{name: "service", period: 100 * time.Millisecond, cluster: cluster, deaf: true}))
		time.Sleep(20 * time.Second)
		if asked := cluster.asked(); asked != maxInFlight {
			t.Errorf("%d questions in flight, the bound is %d", asked, maxInFlight)
		}
		spells := sampler.slis()[0].Spells
		if len(spells) != 1 || spells[0].Up || spells[0].Samples < 170 || !strings.Contains(spells[0].Error, "earlier questions still wait") {
			t.Errorf("spells: %+v", spells)
		}
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sampler.stop(limited); err == nil {
			t.Error("stop waited for a probe that does not end, or did not say so")
		}
		time.Sleep(2 * time.Hour) // the deaf checks end, so that the bubble can
	})
}

// Goal: answers are put in the order of the schedule before they are joined into spells. Method: the
// third question of five is answered last, and differs.
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
		if len(sli.Spells) != 3 || sli.Spells[1].From != 200*time.Millisecond || sli.Spells[1].To != 200*time.Millisecond {
			t.Fatalf("spells: %+v", sli.Spells)
		}
		if sli.Spells[1].Seen != 550*time.Millisecond || sli.Spells[2].From != 300*time.Millisecond || sli.Spells[2].Seen != 300*time.Millisecond {
			t.Errorf("spells: %+v", sli.Spells)
		}
	})
}

// A funcProbe is a probe made of a function.
type funcProbe struct {
	period time.Duration
	check  func() error
}

func (p funcProbe) Name() string                          { return "function" }
func (p funcProbe) Period() time.Duration                 { return p.period }
func (p funcProbe) Check(context.Context, Observer) error { return p.check() }

// Goal: the sampler notes when it was itself held up, and does not ask afterwards what it has missed.
// Method: tell it that a question that was due 450 ms ago is asked now; a fake clock is never late.
func TestSamplerNotesItsOwnLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sampler := newSampler(t.Context(), newFakeCluster(), time.Now())
		series := &series{probe: funcProbe{period: 200 * time.Millisecond}}
		if missed := sampler.late(series, time.Now().Add(-punctual)); missed != 0 || len(sampler.held()) != 0 {
			t.Errorf("punctual, and missed %d: %v", missed, sampler.held())
		}
		due := time.Now().Add(-450 * time.Millisecond)
		if missed := sampler.late(series, due); missed != 2 {
			t.Errorf("missed %d questions", missed)
		}
		held := sampler.held()
		if len(held) != 1 || held[0].Length != 450*time.Millisecond || !held[0].From.Equal(due) {
			t.Errorf("held up: %+v", held)
		}
		must(t, sampler.stop(t.Context()))
	})
}

// Goal: interruptions of the same cause that overlap are told as one. Method: three, of which two overlap.
func TestMergeInterruptions(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(offset, length time.Duration, reason string) Interruption {
		return Interruption{From: start.Add(offset), Length: length, Reason: reason}
	}
	got := mergeInterruptions([]Interruption{
		at(5*time.Second, time.Second, "a"), at(time.Second, time.Second, "b"),
		at(5500*time.Millisecond, 2*time.Second, "a"), at(9*time.Second, time.Second, "a"),
	})
	if len(got) != 3 || got[0].Reason != "b" || got[1].Length != 2500*time.Millisecond || !got[2].From.Equal(start.Add(9*time.Second)) {
		t.Errorf("merged: %+v", got)
	}
}
