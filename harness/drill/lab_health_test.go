package drill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a lost agent is never blamed on the service: whatever waits ends at once with the reason, the drill is
// inconclusive, and one doubt says so for each node. Method: an agent is lost in the middle of each step that waits,
// the service does not come back, and the drill is closed.
func TestLostAgentEndsTheStep(t *testing.T) {
	for step, run := range map[string]func(context.Context, *testing.T, *fakeDrill) error{
		"Baseline": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			d.cluster.fail("not yet", "quorum")
			return d.Baseline(ctx, d.steady)
		},
		"Detect": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			testkit.Must(t, d.Baseline(ctx, d.steady), d.StartWriting(ctx, d.ledgers))
			d.fault.breaks = nil
			testkit.Must(t, d.Inject(ctx, d.fault))
			return d.Detect(ctx, d.steady)
		},
		"Repair": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			d.toDetection(t)
			return d.Repair(ctx, fakeRunbook{{Name: "wait", Do: func(ctx context.Context, _ harness.Operator) error {
				<-ctx.Done()
				return context.Cause(ctx)
			}}})
		},
		"AwaitRecovery": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			d.toDetection(t)
			return d.AwaitRecovery(ctx, d.steady)
		},
		"AwaitUp": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			d.toDetection(t)
			return d.AwaitUp(ctx, d.steady[0])
		},
		"Reconcile": func(ctx context.Context, t *testing.T, d *fakeDrill) error {
			d.toDetection(t)
			testkit.Must(t, d.Repair(ctx, healing(d.cluster, 0)), d.AwaitRecovery(ctx, d.steady))
			d.cluster.read = func() error { return errors.New("not now") }
			return d.Reconcile(ctx, d.ledgers)
		},
	} {
		t.Run(step, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t, func(o *harness.Objective) { o.DetectWithin = time.Hour; o.GiveUpAfter = time.Hour })
				ended := make(chan error)
				go func() { ended <- run(t.Context(), t, drill) }()
				time.Sleep(29 * time.Second) // every one of them has begun to wait
				lost := time.Now()
				drill.cluster.loseAgent("nomad-1")
				err := <-ended
				if took := time.Since(lost); took > time.Second || !errors.Is(err, harness.ErrLabLost) ||
					!strings.Contains(err.Error(), "the agent of nomad-1 is gone (end of the stream)") {
					t.Errorf("it ended %v later with %v", took, err)
				}
				_ = drill.Close(t.Context())
				record := drill.Record()
				of := slices.DeleteFunc(slices.Clone(record.Doubts), func(doubt string) bool {
					return !strings.Contains(doubt, "nomad-1") || strings.Contains(doubt, "broken off")
				})
				if record.Judgement.Verdict != harness.Inconclusive || len(of) != 1 {
					t.Errorf("%s, doubts %q", record.Judgement.Verdict, record.Doubts)
				}
			})
		})
	}
}

// Goal: once a part of the lab is gone no step waits at all, and the drill can still be judged and closed. Method:
// lose two agents after the detection.
func TestNothingIsAwaitedInALostLab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		drill.cluster.loseAgent("nomad-1")
		drill.cluster.loseAgent("nomad-2")
		time.Sleep(2 * lookAtLabEvery)
		began := time.Now()
		if err := drill.AwaitRecovery(t.Context(), drill.steady); !errors.Is(err, harness.ErrLabLost) ||
			time.Since(began) > time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if err := drill.Judge(); err == nil {
			t.Error("the drill is as claimed")
		}
		doubts := strings.Join(drill.Record().Doubts, "; ")
		if strings.Count(doubts, "the agent of nomad-1 is gone") != 1 || strings.Count(doubts, "the agent of nomad-2 is gone") != 1 {
			t.Errorf("doubts: %s", doubts)
		}
		testkit.Must(t, drill.Close(t.Context()))
	})
}

// Goal: a drill whose lab loses a part while it is closed is inconclusive, also when it was judged before. Method: a drill that
// is met, with an agent lost before it is closed and without.
func TestLossDuringCloseIsADoubt(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.toDetection(t)
			testkit.Must(t, drill.finishBy(t, time.Second))
			if lost {
				drill.cluster.loseAgent("nomad-1")
			}
			testkit.Must(t, drill.Close(t.Context()))
			if judgement := drill.Record().Judgement; judgement.AsClaimed == lost || (judgement.Verdict == harness.Inconclusive) != lost {
				t.Errorf("an agent is lost: %t, and the verdict is %s", lost, judgement.Verdict)
			}
		})
	}
}

// Goal: what the lab is short of at the end makes a drill inconclusive that would be met or missed. Method: the same
// drill with and without.
func TestShortLabIsInconclusive(t *testing.T) {
	for _, shortages := range [][]string{nil, {"the disk of the container engine is full"}} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.cluster.shortages = shortages
			drill.toDetection(t)
			err := drill.finishBy(t, time.Second)
			if (err == nil) != (shortages == nil) {
				t.Errorf("short of %q: %v", shortages, err)
			}
		})
	}
}

// A standingFault is one that no operator may lift.
type standingFault struct {
	*fakeFault
	gone error
}

func (f *standingFault) Stands(context.Context, harness.Lab) error { return f.gone }

// Goal: a runbook that lifts what no operator may lift is not credited with a recovery. Method: such a fault, first or
// second, that is in force or gone when the service is back; one that the harness has lifted is nobody's fault.
func TestStandingFaultIsConfirmedAgain(t *testing.T) {
	gone := errors.New("0 of its 2 rules are in force")
	for _, test := range []struct {
		name       string
		gone       error
		second     bool
		revertedBy bool // by the harness, before
		want       harness.Verdict
	}{
		{"in force", nil, false, false, harness.Met},
		{"gone", gone, false, false, harness.Inconclusive},
		{"the second one gone", gone, true, false, harness.Inconclusive},
		{"lifted by the harness", gone, false, true, harness.Inconclusive},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t)
				ctx := t.Context()
				standing := &standingFault{drill.fault, test.gone}
				testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
				if test.second {
					second := &standingFault{&fakeFault{cluster: drill.cluster}, test.gone}
					testkit.Must(t, drill.DuringRecovery(second, harness.BeforeStep("restart")), drill.Inject(ctx, drill.fault))
				} else {
					testkit.Must(t, drill.Inject(ctx, standing))
				}
				testkit.Must(t, drill.Detect(ctx, drill.steady))
				if test.revertedBy {
					testkit.Must(t, drill.Revert(ctx))
				}
				_ = drill.finishBy(t, time.Second)
				record := drill.Record()
				said := strings.Contains(strings.Join(record.Doubts, ";"),
					"which no operator may lift, was not in force any more: 0 of its 2 rules")
				if record.Judgement.Verdict != test.want || said != (test.gone != nil && !test.revertedBy) {
					t.Errorf("%s: %q", record.Judgement.Verdict, record.Judgement.Reasons)
				}
			})
		})
	}
}
