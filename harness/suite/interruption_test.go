package suite

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// ended is a spec that has ended in a state.
type ended struct {
	test
	state types.SpecState
}

func (e ended) BrokenOff() string { return brokenOff(e.state) }
func (ended) Failed() bool        { return false }
func (ended) Fail(string)         {}
func (ended) Output() io.Writer   { return io.Discard }

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
				synctest.Test(t, func(t *testing.T) { interruptBetweenSteps(t, state, judged, want) })
			})
		}
	}
}

// interruptBetweenSteps has a drill recover and then end in a state.
func interruptBetweenSteps(t *testing.T, state types.SpecState, judged bool, want harness.Verdict) {
	t.Helper()
	place, ctx := &labtest.Service{}, t.Context()
	drill, err := conduct.New(ended{state: state}, place, contract.Config{RunDir: t.TempDir()}, harness.Plan{
		ID: "site", Objective: harness.Objective{RTO: time.Minute, Dwell: time.Second, NoData: true},
	}, false)
	testkit.Must(t, err)
	steady := harness.All(place)
	for _, err := range []error{
		drill.Baseline(ctx, steady), drill.Inject(ctx, place.Outage(100*time.Millisecond)), drill.Detect(ctx, steady),
		drill.AwaitRecovery(ctx, steady),
	} {
		testkit.Must(t, err)
	}
	if judged {
		testkit.Must(t, drill.Judge())
	}
	drill.End()
	if got := drill.Record().Judgement; got.Verdict != want && (!judged || got.Verdict != harness.Met) {
		t.Errorf("judged %v: %s %q, want %s", judged, got.Verdict, got.Reasons, want)
	}
}
