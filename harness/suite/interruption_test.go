package suite

import (
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
)

// Goal: a spec that is interrupted between two steps leaves an inconclusive record, whatever its drill has seen; one that
// fails by an assertion, and one whose drill was judged before, keep the verdict. Method: a drill that has recovered, and
// each state that Ginkgo gives a spec.
func TestInterruptedBetweenSteps(t *testing.T) {
	for state, want := range map[types.SpecState]harness.Verdict{
		types.SpecStateInterrupted: harness.Inconclusive, types.SpecStateTimedout: harness.Inconclusive,
		types.SpecStateAborted: harness.Inconclusive, types.SpecStateFailed: harness.Met, types.SpecStatePassed: harness.Met,
	} {
		for _, judged := range []bool{false, true} {
			t.Run(state.String(), func(t *testing.T) {
				t.Parallel()
				place, ctx := &fakeLab{}, t.Context()
				conductor, err := drill.New(place, harness.Plan{ID: "flood", Objective: harness.Objective{
					RTO:   time.Minute,
					Dwell: time.Second, NoData: true,
				}})
				if err != nil {
					t.Fatal(err)
				}
				drill, steady := &Drill{Drill: conductor}, harness.All(place)
				for _, err := range []error{
					drill.Baseline(ctx, steady), drill.Inject(ctx, fakeFault{place, 100 * time.Millisecond}), drill.Detect(ctx, steady),
					drill.AwaitRecovery(ctx, steady),
				} {
					if err != nil {
						t.Fatal(err)
					}
				}
				if judged {
					if err := drill.Judge(); err != nil {
						t.Fatal(err)
					}
				}
				drill.doubtInterruption(state)
				if err := drill.Close(ctx); err != nil {
					t.Fatal(err)
				}
				if got := drill.Record().Judgement; got.Verdict != want && (!judged || got.Verdict != harness.Met) {
					t.Errorf("judged %v: %s %q, want %s", judged, got.Verdict, got.Reasons, want)
				}
			})
		}
	}
}
