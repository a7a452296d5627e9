package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A watcher keeps what it is told.
type watcher struct {
	mu     sync.Mutex
	events []harness.Event
}

func (w *watcher) take(event harness.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

// told are the events of a kind so far; all of them for "".
func (w *watcher) told(kind string) []harness.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.events), func(event harness.Event) bool { return kind != "" && event.Kind != kind })
}

// watched is a drill that is looked at.
func watched(t *testing.T) (*fakeDrill, *watcher) {
	t.Helper()
	seen := &watcher{}
	drill := newFakeDrill(t)
	drill.teller = newTeller(seen.take)
	return drill, seen
}

// Goal: who looks on is told everything of a drill, in the order in which it came to be known, and at the end of a step all that
// it has led to. Method: a whole drill with declared time, a second fault, a doubt and a finding; what is told after each step,
// and the events of the record among it.
func TestEventsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill, seen := watched(t)
		ctx := t.Context()
		lines := func(want ...string) {
			t.Helper()
			var said []string
			for _, event := range seen.told("") {
				said = append(said, event.Kind+" "+event.Text)
			}
			at := 0
			for _, line := range want {
				next := slices.IndexFunc(said[at:], func(one string) bool { return strings.HasPrefix(one, line) })
				if next < 0 {
					t.Errorf("after %d lines, %q was not told:\n%s", at, line, strings.Join(said, "\n"))
					return
				}
				at += next + 1
			}
			seen.events = nil
		}
		drill.cluster.fail("no leader", "quorum")
		time.AfterFunc(3*time.Second, func() { drill.cluster.heal("quorum") })
		testkit.Must(t, drill.DuringRecovery(secondFault(drill, nil), harness.BeforeStep("restart")))
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		lines("phase the steady state has to hold for 5s", `sli "quorum" fails: no leader`, `sli "quorum" holds`,
			"phase the steady state is proved")
		testkit.Must(t, drill.StartWriting(ctx, drill.ledgers))
		lines("phase the steady state is proved and writes go on")
		testkit.Must(t, drill.Inject(ctx, drill.fault))
		lines("note fingerprints of 2 nodes", "inject the fault is brought about", "fault outage of everything",
			"phase the fault is injected", "confirm the observer sees it too")
		testkit.Must(t, drill.Detect(ctx, drill.steady))
		lines("sli ", "detect ", "phase the failure is detected")
		steps := append(fakeRunbook{{Name: "decide", Declared: time.Second}}, healing(drill.cluster, 10*time.Second)...)
		testkit.Must(t, drill.Repair(ctx, steps))
		lines("step restart everything: decide is declared to take 1s, which nobody waits for",
			"inject a second fault is brought about", "fault outage of everything", "confirm the observer sees it too",
			"step restart everything: restart begins", "step restart everything: restart ends after 10s")
		drill.Finding("found")
		drill.Doubt("doubted")
		testkit.Must(t, drill.AwaitRecovery(ctx, drill.steady))
		lines("finding found", "doubt doubted", "phase the recovery is watched for, until 2m4s after the fault",
			`sli "quorum" holds again after `, "sli the steady state holds, and is back when it has for 5s",
			"recover the steady state holds again", "phase the recovery is proved")
		testkit.Must(t, drill.Reconcile(ctx, drill.ledgers))
		lines(`data "entries" is read back: `, "phase the ledgers are read back")
		if err := drill.Judge(); err == nil {
			t.Error("a drill in doubt is as claimed")
		}
		lines("verdict inconclusive: doubted", "phase the drill is judged")
		testkit.Must(t, drill.Close(ctx))
		lines("revert the harness lifts the fault: outage of everything", "revert ")
		if got := len(seen.told("verdict")); got != 0 {
			t.Errorf("the same verdict is told again")
		}
	})
}

// Goal: what is told of each event is where and when the record has it. Method: the events of the record of a drill, but for
// steps, which are told twice.
func TestRecordedEventsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill, seen := watched(t)
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second), drill.Close(t.Context()))
		for _, event := range drill.Record().Events {
			if event.Kind != "step" && !slices.Contains(seen.told(""), event) {
				t.Errorf("%+v was not told: %+v", event, seen.told(""))
			}
		}
		if steps := seen.told("step"); len(steps) != 2 || steps[1].At-steps[0].At != time.Second {
			t.Errorf("the steps: %+v", steps)
		}
	})
}

// Goal: an SLI that goes up and down all the time does not bury the other lines, and nothing of it is lost: sums stand for what
// is not told one by one. An outage some time later is told by itself again. Method: a probe that changes at every question for
// 100 s, then rests for a minute, and fails once.
func TestFlappingIsToldInSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill, seen := watched(t)
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		const changes = 500
		for range changes / 2 {
			drill.cluster.fail("down", "service")
			time.Sleep(200 * time.Millisecond)
			drill.cluster.heal("service")
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		told := seen.told("sli")
		if len(told) > 6+11 {
			t.Errorf("%d lines: %+v", len(told), told)
		}
		sum := 0
		for _, event := range told {
			count := 1
			if _, err := fmt.Sscanf(strings.TrimPrefix(event.Text, `"service" has changed `), "%d times", &count); err != nil {
				count = 1
			}
			sum += count
		}
		if last := told[len(told)-1].Text; sum < changes-2 || sum > changes || !strings.Contains(last, "and now holds again after ") {
			t.Errorf("%d changes of %d are told, the last line is %s", sum, changes, last)
		}
		seen.events = nil
		drill.cluster.fail("down once more", "service")
		time.Sleep(time.Second)
		if told := seen.told("sli"); len(told) != 1 || told[0].Text != `"service" fails: down once more` {
			t.Errorf("afterwards: %+v", told)
		}
	})
}

// Goal: a terminal that is held keeps nothing waiting: neither the probes nor the drill, for longer than it takes a step to end,
// and nobody is told anything after Close. Method: a watcher that does not return until the drill is closed.
func TestHeldTerminalHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		held := make(chan struct{})
		told := 0
		drill.teller = newTeller(func(harness.Event) { told++; <-held })
		began := time.Now()
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second))
		testkit.Must(t, drill.Close(context.Background()))
		if took, most := time.Since(began), time.Minute; took > most {
			t.Errorf("the drill took %v", took)
		}
		if gap := drill.Record().SLIs[0].LongestGap; gap > 0 {
			t.Errorf("nobody was asked for %v", gap)
		}
		close(held)
		synctest.Wait()
		if told != 1 {
			t.Errorf("%d events were told, most of them after the end", told)
		}
	})
}

// Goal: a step that fails, and one that declares time besides, say so. Method: their lines.
func TestHowStepsWent(t *testing.T) {
	for want, step := range map[string]harness.RecordStep{
		"ends after 2s":      {From: time.Second, To: 3 * time.Second},
		"fails after 2s: no": {From: time.Second, To: 3 * time.Second, Error: "no"},
		"ends after 2s, and is declared to take 5m0s more, which nobody waits for": {
			From: time.Second, To: 3 * time.Second, Declared: 5 * time.Minute,
		},
		"is declared to take 5m0s, which nobody waits for": {Declared: 5 * time.Minute, DeclaredOnly: true},
	} {
		if got := howItWent(step); got != want {
			t.Errorf("%+v %s, want %q", step, got, want)
		}
	}
}
