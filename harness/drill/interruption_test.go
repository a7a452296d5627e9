package drill

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a drill that was interrupted is inconclusive, whatever its figures say, and says in which step and when.
// Method: end the context, or close the drill, in each situation in which the record alone would say another thing.
func TestInterruptedIsInconclusive(t *testing.T) {
	type interruption struct {
		run   func(ctx context.Context, t *testing.T, drill *fakeDrill)
		after time.Duration // of the interruption, from the beginning of run
		claim harness.Claim
		says  string
	}
	await := func(ctx context.Context, t *testing.T, drill *fakeDrill) {
		if err := drill.AwaitRecovery(ctx, drill.steady); err == nil {
			t.Error("a wait that was broken off has no error")
		}
	}
	for name, test := range map[string]interruption{
		"back in time, within the dwell": {func(ctx context.Context, t *testing.T, drill *fakeDrill) {
			time.AfterFunc(57*time.Second, func() { drill.cluster.heal("quorum", "service") })
			await(ctx, t, drill)
		}, 61 * time.Second, missed(harness.NotRecovered), "interrupted during AwaitRecovery, 1m1s after the fault"},
		"after the RTO": {await, 70 * time.Second, missed(harness.NotRecovered), "interrupted during AwaitRecovery"},
		"before a step, after one that stopped": {func(ctx context.Context, t *testing.T, drill *fakeDrill) {
			fails := fakeRunbook{{Name: "fail", Do: func(context.Context, harness.Operator) error { return context.DeadlineExceeded }}}
			for range 2 {
				if drill.Repair(ctx, fails) == nil {
					t.Error("it does not fail")
				}
			}
			time.Sleep(2 * time.Second)
			if drill.Repair(ctx, fails) == nil {
				t.Error("it went on")
			}
		}, time.Second, missed(harness.RunbookStopped), "interrupted during Repair"},
		"too late, before the ledgers are read back": {func(ctx context.Context, t *testing.T, drill *fakeDrill) {
			testkit.Must(t, drill.Repair(ctx, healing(drill.cluster, 70*time.Second)), drill.AwaitRecovery(ctx, drill.steady))
			time.Sleep(30 * time.Second)
			_ = drill.Reconcile(ctx, drill.ledgers)
		}, 90 * time.Second, missed(harness.TooLate), "interrupted during Reconcile"},
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.Claim(test.claim.Verdict, "it is broken", test.claim.Misses...)
			drill.toDetection(t)
			ctx, cancel := context.WithCancel(t.Context())
			t0 := drill.started.Add(drill.Record().Fault.At)
			time.AfterFunc(test.after-time.Since(t0), cancel)
			test.run(ctx, t, drill)
			testkit.Must(t, drill.Close(t.Context()))
			judgement := drill.Record().Judgement
			if judgement.Verdict != harness.Inconclusive || judgement.AsClaimed || !strings.Contains(strings.Join(judgement.Reasons, "\n"),
				test.says) {
				t.Errorf("%s: %s, as claimed: %v, %q", name, judgement.Verdict, judgement.AsClaimed, judgement.Reasons)
			}
		})
	}
}

// Goal: a drill that claims that nothing breaks is not as claimed when it was interrupted before that was sure.
// Method: a fault that breaks nothing, and a context that ends while the drill waits for a failure.
func TestInterruptedDetectionIsNotAsClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.fault.breaks = nil
		drill.Claim(harness.Inconclusive, "nothing breaks", harness.NeverDetected)
		testkit.Must(t, drill.Baseline(t.Context(), drill.steady), drill.StartWriting(t.Context(), drill.ledgers),
			drill.Inject(t.Context(), drill.fault))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := drill.Detect(ctx, drill.steady); err == nil {
			t.Error("it was not broken off")
		}
		testkit.Must(t, drill.Close(t.Context()))
		judgement := drill.Record().Judgement
		if judgement.AsClaimed || !strings.Contains(strings.Join(judgement.Reasons, "\n"), "interrupted during Detect") {
			t.Errorf("as claimed: %v, %q", judgement.AsClaimed, judgement.Reasons)
		}
	})
}

// Goal: of a service that is back when the watch is broken off, within the dwell, the record does not say that its
// recovery took longer. Method: back at 57 s, interrupted at 61 s.
func TestInterruptedRecoveryTimeIsALowerBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		ctx, cancel := context.WithCancel(t.Context())
		t0 := drill.started.Add(drill.Record().Fault.At)
		time.AfterFunc(57*time.Second-time.Since(t0), func() { drill.cluster.heal("quorum", "service") })
		time.AfterFunc(61*time.Second-time.Since(t0), cancel)
		if drill.AwaitRecovery(ctx, drill.steady) == nil {
			t.Error("it was not broken off")
		}
		testkit.Must(t, drill.Close(t.Context()))
		testkit.Between(t, "RTA, at least", drill.Record().Judgement.RTA, 56*time.Second, 57600*time.Millisecond)
	})
}

func missed(miss harness.Miss) harness.Claim {
	return harness.Claim{Verdict: harness.Missed, Misses: []harness.Miss{miss}}
}
