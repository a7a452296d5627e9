package drill

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: that the RTO is missed is told at once, with what is known, while the watch goes on to the end of the patience
// and measures the recovery. Method: a service that comes back half a minute after its RTO of a minute, repaired by a
// runbook, and what was told when.
func TestMissIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		var at time.Duration
		drill := newFakeDrill(t)
		drill.tell = func(sentence string) { told = append(told, sentence); at = drill.now() - drill.record.Fault.At }
		drill.toDetection(t)
		ctx := t.Context()
		testkit.Must(
			t,
			drill.Repair(ctx, fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error { return nil }}}),
		)
		time.AfterFunc(90*time.Second, func() { drill.cluster.heal("quorum", "service") })
		testkit.Must(t, drill.AwaitRecovery(ctx, drill.steady))
		testkit.Between(t, "what was told", at, time.Minute, time.Minute+time.Second)
		const want = `the RTO of 1m0s is missed beyond doubt, 1m`
		if len(told) != 1 || !strings.HasPrefix(told[0], want) ||
			!strings.Contains(told[0], `"quorum" still fails: connection refused; "service" still fails`) ||
			!strings.Contains(told[0], `the last step that ended was "restart" of "restart everything"`) {
			t.Errorf("told: %q", told)
		}
		testkit.Must(t, drill.Reconcile(ctx, drill.ledgers))
		if err := drill.Judge(); err == nil || !drill.Record().Judgement.Recovered {
			t.Errorf("%v: %+v", err, drill.Record().Judgement)
		}
		testkit.Between(t, "the RTA", drill.Record().Judgement.RTA, 89*time.Second, 92*time.Second)
	})
}

// Goal: a miss that is not certain is not told. Method: services that are back in time, or were held up by so much that
// nobody can know, and a fault that the harness has lifted.
func TestUncertainMissIsNotTold(t *testing.T) {
	for name, change := range map[string]func(*fakeDrill){
		"back in time": func(d *fakeDrill) { time.AfterFunc(50*time.Second, func() { d.cluster.heal("quorum", "service") }) },
		"held up": func(d *fakeDrill) {
			d.cluster.interruptions = []harness.Interruption{{From: time.Now(), Length: time.Hour, Reason: "stalled"}}
		},
		"lifted": func(d *fakeDrill) {
			testkit.Must(t, d.revert(context.Background()))
			d.cluster.fail("still broken", "quorum")
		},
		"declared, so far": func(d *fakeDrill) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.record.Objective.RTO = 3 * time.Minute
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t)
				drill.tell = func(sentence string) { t.Errorf("told: %s", sentence) }
				drill.toDetection(t)
				change(drill)
				time.Sleep(2 * time.Minute)
				_ = drill.Close(t.Context())
			})
		})
	}
}

// Goal: declared time is not watched: it counts towards the RTO and the patience as if it had passed, and the judge
// agrees. Method: runbooks that declare some time and do nothing, and how long the watch lasts; the RTO is a minute, the
// patience 2 min 5 s.
func TestPatienceCountsDeclaredTime(t *testing.T) {
	for _, test := range []struct {
		declared      time.Duration
		shortest, end time.Duration // of the watch, from t0
	}{
		{0, 125 * time.Second, 126 * time.Second},
		{30 * time.Second, 95 * time.Second, 96 * time.Second},
		{20 * time.Minute, 65 * time.Second, 68 * time.Second}, // a minute and the dwell, for the number
	} {
		synctest.Test(t, func(t *testing.T) {
			told := 0
			drill := newFakeDrill(t)
			drill.tell = func(string) { told++ }
			drill.toDetection(t)
			ctx := t.Context()
			testkit.Must(t, drill.Repair(ctx, fakeRunbook{{Name: "reinstall", Declared: test.declared}}))
			err := drill.AwaitRecovery(ctx, drill.steady)
			took := drill.now() - drill.record.Fault.At
			if !errors.Is(err, harness.ErrNotRecovered) || took < test.shortest || took > test.end || told != 1 {
				t.Errorf("%v declared: the watch lasted %v, told %d times: %v", test.declared, took, told, err)
			}
			testkit.Must(t, drill.Reconcile(ctx, drill.ledgers))
			err = drill.Judge()
			if judgement := drill.Record().Judgement; judgement.Verdict != harness.Missed || judgement.RTA < test.declared+test.shortest {
				t.Errorf("%v declared: %v, %+v", test.declared, err, judgement)
			}
		})
	}
}

// Goal: a watch has an end when nobody repairs any more and the miss is certain, and not before. Method: a runbook that
// stops with an error in its first seconds, alone and followed by one that works.
func TestStoppedRunbookEndsTheWatch(t *testing.T) {
	broken := fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error { return errors.New("no such unit") }}}
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		ctx := t.Context()
		_ = drill.Repair(ctx, broken)
		err := drill.AwaitRecovery(ctx, drill.steady)
		testkit.Between(t, "the watch", drill.now()-drill.record.Fault.At, time.Minute, time.Minute+2*time.Second)
		if !errors.Is(err, harness.ErrNotRecovered) {
			t.Errorf("it ended with %v", err)
		}
		testkit.Must(t, drill.Reconcile(ctx, drill.ledgers))
		if err := drill.Judge(); drill.Record().Judgement.Verdict != harness.Missed {
			t.Errorf("the verdict: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		_ = drill.Repair(t.Context(), broken)
		if err := drill.finishBy(t, 80*time.Second); err == nil || !drill.Record().Judgement.Recovered {
			t.Errorf("after a second runbook: %v", err)
		}
	})
}
