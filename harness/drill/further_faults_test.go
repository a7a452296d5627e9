package drill

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// secondFault breaks the service alone.
func secondFault(drill *fakeDrill, reverted *int) *fakeFault {
	return &fakeFault{cluster: drill.cluster, breaks: []string{"service"}, reverted: reverted}
}

// Goal: a second fault strikes at its moment, is proved, recorded and lifted, and t0 stays that of the
// first. Method: one before a step and one some time after t0; the runbook heals what both broke.
func TestDuringRecovery(t *testing.T) {
	for name, when := range map[string]harness.Moment{
		"before a step":   harness.BeforeStep("restart"),
		"after the fault": harness.AfterFault(3 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				drill := newFakeDrill(t)
				reverted := 0
				testkit.Must(t, drill.DuringRecovery(secondFault(drill, &reverted), when))
				drill.toDetection(t)
				testkit.Must(t, drill.finishBy(t, 10*time.Second), drill.Close(t.Context()))
				record := drill.Record()
				if len(record.FurtherFaults) != 1 || record.FurtherFaults[0].Confirmed == "" || record.FurtherFaults[0].RevertedAt == 0 ||
					reverted != 1 {
					t.Fatalf("further faults: %+v, lifted %d times", record.FurtherFaults, reverted)
				}
				if at := record.FurtherFaults[0].At - record.Fault.At; at > 3*time.Second || when.After > 0 && at < 3*time.Second {
					t.Errorf("it struck %v after the first", at)
				}
				if record.Judgement.Verdict != harness.Met || record.Judgement.RTA < 10*time.Second {
					t.Errorf("judgement: %+v", record.Judgement)
				}
			})
		})
	}
}

// Goal: a second fault that never strikes, or is not proved, makes the drill inconclusive; one that
// makes no sense is refused at once. Method: a step that no runbook has, a confirmation that fails, and
// three bad calls.
func TestDuringRecoveryWithoutEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		testkit.Must(t, drill.DuringRecovery(secondFault(drill, nil), harness.BeforeStep("no such step")))
		drill.toDetection(t)
		testkit.Expect(t, drill.finishBy(t, time.Second), "never struck")
	})
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		fault := secondFault(drill, nil)
		fault.confirm = context.DeadlineExceeded
		testkit.Must(t, drill.DuringRecovery(fault, harness.AfterFault(time.Second)))
		drill.toDetection(t)
		testkit.Expect(t, drill.finishBy(t, 5*time.Second), "inconclusive")
	})
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		for _, err := range []error{
			drill.DuringRecovery(nil, harness.AfterFault(time.Second)),
			drill.DuringRecovery(secondFault(drill, nil), harness.AfterFault(0)),
			drill.DuringRecovery(secondFault(drill, nil), harness.BeforeStep("")),
		} {
			if err == nil {
				t.Error("accepted")
			}
		}
	})
}

// Goal: the phase of the plan puts the fault off and counts for nothing else. Method: the same drill
// with a phase of 1.7 s; t0 comes so much later after the writes began, the RTA does not change.
func TestPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.record.Phase = 1700 * time.Millisecond
		testkit.Must(t, drill.Baseline(t.Context(), drill.steady), drill.StartWriting(t.Context(), drill.ledgers))
		began := drill.now()
		testkit.Must(t, drill.Inject(t.Context(), drill.fault), drill.Detect(t.Context(), drill.steady))
		testkit.Between(t, "t0", drill.Record().Fault.At-began, 1700*time.Millisecond, 1701*time.Millisecond)
		testkit.Must(t, drill.finishBy(t, 10*time.Second))
		testkit.Between(t, "RTA", drill.Record().Judgement.RTA, 10*time.Second, 11100*time.Millisecond)
	})
	plan := harness.Plan{ID: "x", Objective: harness.Objective{RTO: time.Second}, Phase: -1}
	if _, err := New(newFakeCluster(), plan); err == nil {
		t.Error("a negative phase is accepted")
	}
}

// Goal: an SLI named as unaffected is watched and judged. Method: the fault breaks it in one drill and
// not in the other.
func TestUnaffected(t *testing.T) {
	for breaks, want := range map[string]harness.Verdict{"neighbour": harness.Missed, "service": harness.Met} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.claims(want, harness.UnaffectedFailed)
			drill.fault.breaks = append(drill.fault.breaks, breaks)
			testkit.Must(
				t,
				drill.Unaffected(t.Context(), fakeProbe{name: "neighbour", period: 50 * time.Millisecond, cluster: drill.cluster}),
			)
			drill.toDetection(t)
			testkit.Must(t, drill.finishBy(t, 3*time.Second))
			if spared := drill.Record().Judgement.Spared; (len(spared) == 1) != (want == harness.Met) {
				t.Errorf("%s broke, spared: %q", breaks, spared)
			}
		})
	}
}

// Goal: a drill does not begin before what the fault must not touch holds, for nobody could tell later whose work its failure is.
// Method: a neighbour that comes up 20 s after the drill has begun.
func TestBaselineWaitsForTheUnaffected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.cluster.fail("it is starting", "neighbour")
		neighbour := fakeProbe{name: "neighbour", period: 50 * time.Millisecond, cluster: drill.cluster}
		testkit.Must(t, drill.Unaffected(t.Context(), neighbour))
		time.AfterFunc(20*time.Second, func() { drill.cluster.heal("neighbour") })
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, 3*time.Second))
		if at := drill.Record().SteadyAt; at < 20*time.Second {
			t.Errorf("the steady state is proved after %v", at)
		}
	})
}
