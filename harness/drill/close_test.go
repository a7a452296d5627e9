package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Goal: a fault that cannot be proved makes the drill inconclusive, is still lifted, and the error
// Says what was missing. Method: a Confirm that fails, and one that says nothing.
func TestDrillConfirmFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		reverted := 0
		drill.fault.confirm, drill.fault.reverted = errors.New("the address still answers"), &reverted
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
		if err := drill.Inject(ctx, drill.fault); !errors.Is(err, drill.fault.confirm) {
			t.Fatalf("inject: %v", err)
		}
		testkit.Must(t, drill.Close(ctx))
		judgement := drill.Record().Judgement
		if judgement.Verdict != harness.Inconclusive ||
			!strings.Contains(strings.Join(judgement.Reasons, "\n"), "the address still answers") {
			t.Errorf("judgement: %+v", judgement)
		}
		if reverted != 1 {
			t.Errorf("reverted %d times", reverted)
		}
	})
}

// Goal: a fault that could not even be injected is an error, and what was injected of it is lifted.
// Method: an Inject that returns both an injection and an error.
func TestDrillInjectFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		reverted := 0
		drill.fault.inject, drill.fault.reverted = errors.New("nomad-2 does not answer"), &reverted
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		if err := drill.Inject(ctx, drill.fault); !errors.Is(err, drill.fault.inject) {
			t.Fatalf("inject: %v", err)
		}
		testkit.Must(t, drill.Close(ctx))
		if reverted != 1 || drill.Record().Judgement.Verdict != harness.Inconclusive {
			t.Errorf("reverted %d times, verdict %s", reverted, drill.Record().Judgement.Verdict)
		}
	})
}

// Goal: the record of a fault that was refused before it struck has times that can be read. Method: an injection without a
// moment.
func TestDrillFaultThatNeverStruck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.fault.inject, drill.fault.unstruck = errors.New("the engine lets no such packets pass"), true
		testkit.Must(t, drill.Baseline(t.Context(), drill.steady))
		if err := drill.Inject(t.Context(), drill.fault); !errors.Is(err, drill.fault.inject) {
			t.Fatalf("inject: %v", err)
		}
		testkit.Must(t, drill.Close(t.Context()))
		record := drill.Record()
		if record.Fault.At <= 0 || record.Fault.At > record.Duration {
			t.Errorf("a drill of %v has its fault at %v", record.Duration, record.Fault.At)
		}
		for _, doubt := range record.Doubts {
			if strings.Contains(doubt, "clocks disagree") {
				t.Errorf("there is a doubt that nothing gives rise to: %s", doubt)
			}
		}
	})
}

// Goal: a fault that cannot be lifted makes a drill inconclusive even when it was judged met before.
// Method: a Revert that fails at Close, after Judge.
func TestDrillRevertFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.fault.revert = errors.New("the agent is gone")
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second))
		if err := drill.Close(t.Context()); !errors.Is(err, drill.fault.revert) {
			t.Errorf("close: %v", err)
		}
		judgement := drill.Record().Judgement
		if judgement.Verdict != harness.Inconclusive || judgement.AsClaimed ||
			!strings.Contains(judgement.Reasons[0], "the agent is gone") {
			t.Errorf("judgement: %+v", judgement)
		}
		testkit.Must(t, drill.Close(t.Context())) // a second one has nothing to do
	})
}

// Goal: what comes back because the fault was lifted is no recovery. Method: revert long before and
// after the RTO, then await.
func TestDrillReverted(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  harness.Verdict
	}{{10 * time.Second, harness.Inconclusive}, {65 * time.Second, harness.Missed}} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.toDetection(t)
			time.Sleep(test.after)
			testkit.Must(t, drill.Revert(t.Context()), drill.AwaitRecovery(t.Context(), drill.steady))
			testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers))
			if err := drill.Judge(); err == nil {
				t.Error("lifting the fault was taken for a recovery")
			}
			judgement := drill.Record().Judgement
			if judgement.Verdict != test.want || judgement.RecoveredBy != harness.ByRevert || judgement.Recovered {
				t.Errorf("lifted after %v: %+v", test.after, judgement)
			}
		})
	}
}

// Goal: whenever a drill is broken off, its step returns soon, Close lifts the fault, and no
// goroutine stays. Method: cancel the context during each of the steps that wait; the bubble fails
// the test when a goroutine is left.
func TestDrillCancelled(t *testing.T) {
	for _, step := range []string{"Baseline", "StartWriting", "Detect", "Repair", "AwaitRecovery", "Reconcile"} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			reverted := 0
			drill.fault.reverted = &reverted
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := drill.cancelledDuring(ctx, t, step, func() { time.AfterFunc(2*time.Second, cancel) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", step, err)
			}
			if errors.Is(err, harness.ErrNotDetected) || errors.Is(err, harness.ErrNotRecovered) {
				t.Errorf("%s was broken off and claims a result: %v", step, err)
			}
			injected := drill.Record().Fault != nil
			testkit.Must(t, drill.Close(ctx))
			if injected != (reverted == 1) || drill.Record().Judgement.Verdict != harness.Inconclusive {
				t.Errorf("%s: injected %v, reverted %d times, %+v", step, injected, reverted, drill.Record().Judgement)
			}
		})
	}
}

// cancelledDuring runs the drill up to a step that cannot end by itself, and that step.
func (d *fakeDrill) cancelledDuring(ctx context.Context, t *testing.T, step string, cancel func()) error {
	if step == "Baseline" {
		d.cluster.fail("not formed yet", "quorum")
		cancel()
		return d.Baseline(ctx, d.steady)
	}
	testkit.Must(t, d.Baseline(ctx, d.steady))
	if step == "StartWriting" {
		d.cluster.write = func(context.Context, int) error { return harness.ErrRefused }
		cancel()
		return d.StartWriting(ctx, d.ledgers)
	}
	testkit.Must(t, d.StartWriting(ctx, d.ledgers))
	if step == "Detect" {
		d.fault.breaks = nil
	}
	testkit.Must(t, d.Inject(ctx, d.fault))
	if step == "Detect" {
		cancel()
		return d.Detect(ctx, d.steady)
	}
	testkit.Must(t, d.Detect(ctx, d.steady))
	switch step {
	case "Repair":
		cancel()
		return d.Repair(ctx, fakeRunbook{{
			Name: "wait",
			Do:   func(ctx context.Context, _ harness.Operator) error { <-ctx.Done(); return ctx.Err() },
		}})
	case "AwaitRecovery":
		cancel()
		return d.AwaitRecovery(ctx, d.steady)
	}
	testkit.Must(t, d.Repair(ctx, healing(d.cluster, time.Second)), d.AwaitRecovery(ctx, d.steady))
	d.cluster.read = func() error { return errors.New("no leader") }
	cancel()
	return d.Reconcile(ctx, d.ledgers)
}

// Goal: Close ends a step that is under way in another goroutine, as a test framework's clean-up
// after a time limit does. Method: close during an AwaitRecovery whose own context never ends.
func TestDrillClosedDuringStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		outcome := make(chan error)
		go func() { outcome <- drill.AwaitRecovery(context.Background(), drill.steady) }()
		time.Sleep(time.Second)
		if err := drill.Repair(t.Context()); !errors.Is(err, harness.ErrOrder) ||
			!strings.Contains(err.Error(), "AwaitRecovery is still under way") {
			t.Errorf("a step during another: %v", err)
		}
		began := time.Now()
		closed := make(chan error)
		go func() { closed <- drill.Close(context.Background()) }()
		testkit.Expect(t, <-outcome, "closed during AwaitRecovery")
		testkit.Must(t, <-closed)
		testkit.Between(t, "closing", time.Since(began), 0, 100*time.Millisecond)
	})
}

// Goal: a fault whose injection returns only after the drill was closed is lifted nevertheless.
// Method: an Inject that takes longer than Close waits for it.
func TestDrillClosedDuringInject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		reverted := 0
		drill.fault.slow, drill.fault.reverted = time.Minute, &reverted
		testkit.Must(t, drill.Baseline(t.Context(), drill.steady))
		outcome := make(chan error)
		go func() { outcome <- drill.Inject(context.Background(), drill.fault) }()
		time.Sleep(time.Second)
		testkit.Expect(t, drill.Close(t.Context()), "Inject goes on")
		if err := <-outcome; err == nil || reverted != 1 {
			t.Errorf("inject: %v, reverted %d times", err, reverted)
		}
	})
}

// Goal: in every state exactly the documented steps are possible; any other one changes nothing and
// Says what was called, how far the drill is, and what may be called. Method: bring a drill into
// each state and call each step that is not allowed.
func TestDrillOrder(t *testing.T) {
	for _, at := range []state{
		isNew, isSteady, isWriting, isInjected, isDetected, isUndetected, isRecovered, isUnrecovered,
		isReconciled, isBroken, isJudged, isClosed,
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.bringTo(t, at)
			ctx := context.Background()
			for name, call := range map[string]func() error{
				"Watch":         func() error { return drill.Watch(ctx) },
				"Baseline":      func() error { return drill.Baseline(ctx, drill.steady) },
				"StartWriting":  func() error { return drill.StartWriting(ctx, drill.ledgers) },
				"Inject":        func() error { return drill.Inject(ctx, drill.fault) },
				"Detect":        func() error { return drill.Detect(ctx, drill.steady) },
				"Repair":        func() error { return drill.Repair(ctx) },
				"AwaitRecovery": func() error { return drill.AwaitRecovery(ctx, drill.steady) },
				"Revert":        func() error { return drill.Revert(ctx) },
				"Reconcile":     func() error { return drill.Reconcile(ctx, drill.ledgers) },
				"Judge":         drill.Judge,
			} {
				if slices.Contains(next[at], step(name)) {
					continue
				}
				err := call()
				if !errors.Is(err, harness.ErrOrder) || !testkit.ContainsAll(err.Error(), name, string(at), "Close") {
					t.Errorf("%s when %s: %v", name, at, err)
				}
				for _, allowed := range next[at] {
					if !strings.Contains(fmt.Sprint(err), string(allowed)) {
						t.Errorf("%s when %s does not offer %s: %v", name, at, allowed, err)
					}
				}
				if drill.state != at {
					t.Fatalf("%s moved the drill from %q to %q", name, at, drill.state)
				}
			}
		})
	}
}

// Goal: a spec that goes on after an error is told in the verdict that its runbook was never begun, instead of a miss; other
// steps out of order are on the timeline. Method: a Detect that is refused, and one that finds nothing, both ignored.
func TestRefusedRepairIsTold(t *testing.T) {
	for name, detect := range map[string]func(*fakeDrill) error{
		"refused":       func(d *fakeDrill) error { return d.Detect(context.Background(), d.steady[:1]) },
		"nothing broke": func(d *fakeDrill) error { return d.Detect(context.Background(), d.steady) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t)
				if name == "nothing broke" {
					drill.fault.breaks = nil
				}
				drill.bringTo(t, isInjected)
				if detect(drill) == nil {
					t.Fatal("it detects something")
				}
				_ = drill.Repair(t.Context(), healing(drill.cluster, time.Second))
				_ = drill.AwaitRecovery(t.Context(), drill.steady)
				testkit.Must(t, drill.Close(t.Context()))
				record := drill.Record()
				if reasons := strings.Join(record.Judgement.Reasons, "; "); record.Judgement.Verdict != harness.Inconclusive ||
					!strings.Contains(reasons, "the runbook was never begun: Repair: out of order: ") {
					t.Errorf("%s: %s", record.Judgement.Verdict, reasons)
				}
				if !slices.ContainsFunc(record.Events, func(event harness.Event) bool {
					return event.Kind == "note" && strings.HasPrefix(event.Text, "refused: AwaitRecovery: out of order: ")
				}) {
					t.Errorf("the timeline does not tell: %+v", record.Events)
				}
			})
		})
	}
}

// bringTo brings a new drill into a state by the steps that lead there.
func (d *fakeDrill) bringTo(t *testing.T, at state) {
	t.Helper()
	ctx := t.Context()
	if at == isUndetected {
		d.fault.breaks = nil
	}
	if at == isBroken {
		d.cluster.fail("not formed yet", "quorum")
		if err := d.Baseline(ctx, d.steady); err == nil || !strings.Contains(err.Error(), "not formed yet") {
			t.Fatalf("baseline: %v", err)
		}
	}
	for _, step := range []struct {
		from state
		run  func() error
	}{
		{isNew, func() error { return d.Baseline(ctx, d.steady) }},
		{isSteady, func() error { return d.StartWriting(ctx, d.ledgers) }},
		{isWriting, func() error { return d.Inject(ctx, d.fault) }},
		{isInjected, func() error { return ignore(d.Detect(ctx, d.steady), harness.ErrNotDetected) }},
		{isDetected, func() error {
			if at != isUnrecovered {
				testkit.Must(t, d.Repair(ctx, healing(d.cluster, time.Second)))
			}
			return ignore(d.AwaitRecovery(ctx, d.steady), harness.ErrNotRecovered)
		}},
		{isRecovered, func() error { return d.Reconcile(ctx, d.ledgers) }},
		{isReconciled, func() error { return d.Judge() }},
		{isJudged, func() error { return d.Close(ctx) }},
	} {
		if d.state == at {
			return
		}
		if d.state == step.from {
			testkit.Must(t, step.run())
		}
	}
	if d.state != at {
		t.Fatalf("the drill is at %q, not at %q", d.state, at)
	}
}

// ignore drops an expected error.
func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// Goal: steps that are called with what makes no sense say so in a sentence and change nothing.
// Method: one call of each kind.
func TestDrillBadInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		probe := func(name string, period time.Duration) harness.Probe {
			return fakeProbe{name: name, period: period, cluster: drill.cluster}
		}
		refuse := func(err error, part string) {
			t.Helper()
			testkit.Expect(t, err, part)
		}
		refuse(drill.Baseline(ctx, nil), "has no probe")
		refuse(drill.Baseline(ctx, harness.All(nil)), "a probe is nil")
		refuse(drill.Baseline(ctx, harness.All(probe("", time.Second))), "has no name")
		refuse(drill.Baseline(ctx, harness.All(probe("a", 0))), "must be positive")
		refuse(drill.Baseline(ctx, harness.All(probe("a", 1), probe("a", 1))), "watched already")
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		refuse(drill.StartWriting(ctx, nil), "there is no ledger")
		refuse(drill.StartWriting(ctx, harness.Ledgers(nil)), "a ledger is nil")
		refuse(drill.StartWriting(ctx, harness.Ledgers(fakeLedger{drill.cluster, 0})), "must be positive")
		refuse(drill.StartWriting(ctx, append(drill.ledgers, drill.ledgers...)), "two ledgers")
		refuse(drill.Inject(ctx, nil), "there is no fault")
		testkit.Must(t, drill.Inject(ctx, drill.fault))
		refuse(drill.Detect(ctx, drill.steady[:1]), "not the one that Baseline proved")
		testkit.Must(t, drill.Detect(ctx, drill.steady))
		refuse(drill.Repair(ctx, nil), "a runbook is nil")
		refuse(drill.Repair(ctx, fakeRunbook{{Name: "back in time", Declared: -time.Second}}), "cannot be negative")
		refuse(drill.AwaitRecovery(ctx, drill.steady[1:]), "not the one that Baseline proved")
		testkit.Must(t, drill.Repair(ctx, healing(drill.cluster, time.Second)), drill.AwaitRecovery(ctx, drill.steady))
		refuse(drill.Reconcile(ctx, drill.ledgers), "not those that are being written")
		refuse(drill.Reconcile(ctx, nil), "nothing was written")
	})
	for _, plan := range []harness.Plan{
		{ID: "a", Objective: harness.Objective{}},
		{ID: "a", Objective: harness.Objective{RTO: -1}},
		{ID: "a/b", Objective: harness.Objective{RTO: 1}},
		{ID: "", Objective: harness.Objective{RTO: 1}},
	} {
		if _, err := New(newFakeCluster(), plan); err == nil {
			t.Errorf("plan %+v was accepted", plan)
		}
	}
	if _, err := New(nil, harness.Plan{ID: "a", Objective: harness.Objective{RTO: 1}}); err == nil {
		t.Error("a drill without a lab was accepted")
	}
}

// Goal: a claim that comes when the outcome is known, or that is no verdict, is doubted. Method: one
// drill with either.
func TestDrillClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.Claim("green", "")
		drill.toDetection(t)
		drill.Claim(harness.Missed, "now I know", harness.TooLate)
		record := drill.Record()
		if record.Claim.Verdict != harness.Met || len(record.Doubts) != 2 {
			t.Errorf("claim %+v, doubts %q", record.Claim, record.Doubts)
		}
	})
}

// Goal: a measurement that was held up between t0 and the recovery says so in its resolution, and is
// doubted when a return could hide in the gap or the target lies within the resolution; any other
// interruption is none of its business. Method: interruptions of the lab at known times around a drill
// with t0 at about 7 s and the recovery about 10 s later; resolution 0.5 s, RTO 1 min, dwell 5 s.
func TestDrillInterruptions(t *testing.T) {
	for _, test := range []struct {
		name    string
		after   time.Duration // since t0
		length  time.Duration
		widened bool
		doubt   bool
	}{
		{"during the outage", 3 * time.Second, time.Second, true, false},
		{"reaching into the outage", -time.Second, 2 * time.Second, true, false},
		{"as long as the dwell", 3 * time.Second, 5 * time.Second, true, true},
		{"as short as the resolution", 3 * time.Second, 500 * time.Millisecond, false, false},
		{"before the fault", -3 * time.Second, time.Second, false, false},
		{"after the recovery", 13 * time.Second, 20 * time.Second, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.toDetection(t)
			drill.cluster.interruptions = []harness.Interruption{{
				From: drill.fault.impact.Before.Add(test.after), Length: test.length,
				Reason: "agent of nomad-1 did not get the processor",
			}}
			err := drill.finishBy(t, 10*time.Second)
			if (err != nil) != test.doubt {
				t.Errorf("%s: %v", test.name, err)
			}
			record := drill.Record()
			if widened := record.Judgement.Resolution >= test.length; len(record.Interruptions) > 0 != test.widened || test.widened &&
				!widened {
				t.Errorf("%s: resolution %v, interruptions %+v", test.name, record.Judgement.Resolution, record.Interruptions)
			}
			if reasons := strings.Join(record.Judgement.Reasons, ""); test.doubt &&
				!testkit.ContainsAll(reasons, "nomad-1", words.Figure(test.length).String(), words.Figure(test.after).String()) {
				t.Errorf("%s: %q", test.name, reasons)
			}
		})
	}
}

// Goal: a recovery time that an interruption makes too vague for its target is neither met nor
// missed. Method: one record judged against targets around its recovery time, with an interruption of
// one second.
func TestJudgeTargetWithinInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		drill.cluster.interruptions = []harness.Interruption{{
			From: drill.fault.impact.Before.Add(time.Second), Length: time.Second,
			Reason: "starved",
		}}
		testkit.Must(t, drill.finishBy(t, 10*time.Second))
		record := drill.Record()
		for offset, want := range map[time.Duration]harness.Verdict{
			-2 * time.Second: harness.Missed, -500 * time.Millisecond: harness.Inconclusive,
			500 * time.Millisecond: harness.Inconclusive, 2 * time.Second: harness.Met,
		} {
			record.Objective.RTO = record.Judgement.RTA + offset
			if got := judge.Judge(record); got.Verdict != want {
				t.Errorf("RTO %v beside the RTA: %s, want %s: %q", offset, got.Verdict, want, got.Reasons)
			}
		}
	})
}

// Goal: a fault whose clock disagrees with the harness's is doubted. Method: a t0 far before the call.
func TestDrillClocksDisagree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.fault.skewed = -3 * time.Second
		drill.toDetection(t)
		testkit.Expect(t, drill.finishBy(t, time.Second), "clocks disagree")
	})
}

// Goal: entries that this drill never wrote are doubted: then the ledger is not its own. Method: one
// foreign entry.
func TestDrillForeignEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.cluster.entries[100000] = true
		drill.toDetection(t)
		testkit.Expect(t, drill.finishBy(t, time.Second), "100000")
	})
}

// Goal: a ledger that cannot be read at first is read again, and one that never can makes the drill
// inconclusive. Method: reads that fail three times, or always.
func TestDrillReconcileRetries(t *testing.T) {
	for _, always := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			reads := 0
			drill.cluster.read = func() error {
				if reads++; always || reads <= 3 {
					return errors.New("no leader")
				}
				return nil
			}
			drill.toDetection(t)
			testkit.Must(t, drill.Repair(t.Context(), healing(drill.cluster, time.Second)), drill.AwaitRecovery(t.Context(), drill.steady))
			err := drill.Reconcile(t.Context(), drill.ledgers)
			if (err != nil) != always {
				t.Errorf("reconcile: %v", err)
			}
			if err := drill.Judge(); (err != nil) != always || always && !strings.Contains(err.Error(), "never read back") {
				t.Errorf("judge: %v", err)
			}
		})
	}
}
