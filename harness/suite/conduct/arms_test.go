package conduct

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// Goal: a step that must fail decides how an arm ends, and a step that went wrong in another way decides
// nothing. Method: a table of what the steps return.
func TestEndingFollowsFromTheStep(t *testing.T) {
	broken := errors.New("out of order")
	for _, test := range []struct {
		name  string
		got   func() (contract.Ending, bool)
		want  contract.ControlResult
		says  string
		ended bool
	}{
		{
			"detected without a fault", func() (contract.Ending, bool) { return afterDetect(nil, time.Second, "") }, contract.NotRed,
			"this scenario cannot be made red: without its fault, the steady state failed anyway", true,
		},
		{"nothing detected", func() (contract.Ending, bool) {
			return afterDetect(fmt.Errorf("detect: %w", harness.ErrNotDetected), 15*time.Second, "")
		}, contract.Red, "nothing broke within 15s", true},
		{
			"detected without a fault on a machine that starves",
			func() (contract.Ending, bool) { return afterDetect(nil, time.Second, "node1 stood still for 3s") },
			contract.Inconclusive, "without its fault, the steady state failed, but the machine was too busy to tell why (node1 stood " +
				"still for 3s): run it again on a quieter one", true,
		},
		{
			"detect went wrong",
			func() (contract.Ending, bool) { return afterDetect(broken, time.Second, "node1 stood still for 3s") }, "", "", false,
		},
		{
			"back without a runbook",
			func() (contract.Ending, bool) { return afterAwait(nil, 12*time.Second, time.Minute) }, contract.NotRed,
			"this scenario cannot be made red: without its runbook, the service came back by itself after 12s", true,
		},
		{"not back", func() (contract.Ending, bool) {
			return afterAwait(fmt.Errorf("await: %w", harness.ErrNotRecovered), 0, 45*time.Second)
		}, contract.Red, "the service was not back 45s after the fault", true},
		{"await went wrong", func() (contract.Ending, bool) { return afterAwait(broken, 0, time.Minute) }, "", "", false},
	} {
		got, ended := test.got()
		if got.Result != test.want || got.Reason != test.says || ended != test.ended {
			t.Errorf("%s: %v (%v), want %s: %s (%v)", test.name, got, ended, test.want, test.says, test.ended)
		}
	}
}

// Goal: an arm watches for as long as it needs, whatever the drill's RTO, and every objective stays
// valid. Method: long and short objectives go through both arms.
func TestArmWatchesForAsLongAsItNeeds(t *testing.T) {
	for _, objective := range []harness.Objective{
		{RTO: 10 * time.Minute},
		{RTO: 30 * time.Second, GiveUpAfter: time.Minute, NoData: true},
		{RTO: time.Second, DetectWithin: time.Second, Dwell: 10 * time.Second},
	} {
		whole := objective.WithDefaults()
		if got := ObjectiveIn(contract.WholeDrill, objective); got != whole {
			t.Errorf("a whole drill's objective becomes %+v, want %+v", got, whole)
		}
		undisturbed, abandoned := ObjectiveIn(contract.WithoutFault, objective), ObjectiveIn(contract.WithoutRunbook, objective)
		testkit.Expect(t, errors.Join(undisturbed.Validate(), abandoned.Validate()), "")
		if undisturbed.DetectWithin > contract.ControlDetectWithin || undisturbed.DetectWithin > whole.DetectWithin ||
			undisturbed.RTO != whole.RTO {
			t.Errorf("without its fault the objective is %+v", undisturbed)
		}
		if abandoned.GiveUpAfter != 40*time.Second+whole.Dwell || abandoned.RTO != 40*time.Second ||
			abandoned.DetectWithin != whole.DetectWithin {
			t.Errorf("without its runbook the objective is %+v", abandoned)
		}
	}
}

// Goal: nobody takes an arm's record for a drill's, and the drill's own plan stays as it is. Method: the
// same plan goes through all arms.
func TestArmMarksItsRecord(t *testing.T) {
	plan := harness.Plan{
		ID: "rain-falls", Title: "Rain falls", Labels: []string{"flood"}, Repeat: "make controls LABELS=flood",
		Objective: harness.Objective{RTO: time.Minute},
	}
	if got := PlanIn(contract.WholeDrill, plan); got.ID != plan.ID || got.Objective != plan.Objective || got.Repeat != plan.Repeat {
		t.Errorf("a whole drill's plan becomes %+v", got)
	}
	for _, arm := range []contract.Arm{contract.WithoutFault, contract.WithoutRunbook} {
		got := PlanIn(arm, plan)
		if got.ID != "rain-falls-"+string(arm) || !strings.Contains(got.Title, "(control arm: without its ") ||
			!slices.Equal(got.Labels, []string{"flood", "control arm", string(arm)}) || got.Repeat != plan.Repeat {
			t.Errorf("%s: the plan becomes %+v", arm, got)
		}
	}
	if len(plan.Labels) != 1 {
		t.Errorf("the spec's own labels are now %q", plan.Labels)
	}
}

// Goal: a second fault whose moment cannot come is left out, and none that can. Method: moments of both
// kinds, around the end of the watch.
func TestMomentsThatCome(t *testing.T) {
	for _, test := range []struct {
		when harness.Moment
		want bool
	}{
		{harness.BeforeStep("start the servers"), false},
		{harness.BeforeStep(`write "peers.json" 5s after`), false},
		{harness.AfterFault(2 * time.Second), true},
		{harness.AfterFault(39*time.Second + 999*time.Millisecond), true},
		{harness.AfterFault(time.Minute), false},
	} {
		if got := test.when.Within(contract.ControlRecovery); got != test.want {
			t.Errorf("%s: comes %v, want %v", test.when, got, test.want)
		}
	}
}

// Goal: the phase lies in the span, is the same again for the same seed and spec, and differs otherwise,
// evenly. Method: a thousand seeds.
func TestPhaseIsDrawnFromSeedAndSpec(t *testing.T) {
	const seeds, slots = 1000, 10
	var hits [slots]int
	same := 0
	for seed := range int64(seeds) {
		drawn := phase(seed, "rain-falls", phaseSpan)
		if drawn < 0 || drawn >= phaseSpan || drawn != phase(seed, "rain-falls", phaseSpan) {
			t.Fatalf("seed %d gives %v, then %v", seed, drawn, phase(seed, "rain-falls", phaseSpan))
		}
		if drawn == phase(seed, "rain-stops", phaseSpan) {
			same++
		}
		hits[drawn*slots/phaseSpan]++
	}
	if same > 10 {
		t.Errorf("two specs have the same phase for %d of %d seeds", same, seeds)
	}
	for slot, count := range hits { // 100 expected, with a standard deviation of 9.5
		if count < 60 || count > 140 {
			t.Errorf("slot %d of %d holds %d of %d phases", slot, slots, count, seeds)
		}
	}
}

// Goal: only a run that asks for it puts faults off. Method: a run that does, and one that does not.
func TestPhaseHasToBeAskedFor(t *testing.T) {
	if got := drawnPhase(contract.Config{}, 7, "rain-falls", phaseSpan); got != 0 {
		t.Errorf("nobody asked, and the phase is %v", got)
	}
	want := phase(7, "rain-falls", phaseSpan)
	if got := drawnPhase(contract.Config{Phase: true}, 7, "rain-falls", phaseSpan); got != want {
		t.Errorf("the phase is %v, want %v", got, want)
	}
}
