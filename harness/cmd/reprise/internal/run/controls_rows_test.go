package run

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// aControlsRun is one with so many specs of the scenario flood, each with so many arms: one red, one not.
func aControlsRun(specs, armsEach int) ControlsReport {
	run := ControlsReport{Schema: controlsSchema, Command: "make controls", Started: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
	outcomes := []ControlOutcome{
		{Ending: contract.Red.Because(""), Took: time.Second}, {Ending: contract.NotRed.Because(""), Took: 2 * time.Second},
	}
	for i := range specs {
		spec := ControlledSpec{Scenario: "flood", Title: strings.Repeat("Rain", i+1), Arms: map[contract.Arm]ControlOutcome{}}
		for arm := range armsEach {
			spec.Arms[arms[arm].name] = outcomes[arm]
		}
		run.Specs = append(run.Specs, spec)
	}
	return run
}

// Goal: a scenario's row is of the run that got furthest with it, the newest of those that were not
// interrupted; what was not red shows. Method: runs come in turn, and the row is read after each.
func TestFullestControls(t *testing.T) {
	var runs []ControlsReport
	row := ""
	for _, step := range []struct {
		command     string
		run         ControlsReport
		hours       int // later than the first
		interrupted bool
		shows       string // the command of the run that the row tells of afterwards
	}{
		{"broken off", aControlsRun(2, 1), 0, true, "broken off"},
		{"part", aControlsRun(1, 2), 1, false, "part"},
		{"whole", aControlsRun(2, 2), 2, false, "whole"},
		{"older", aControlsRun(2, 2), 1, false, "whole"},
		{"newer", aControlsRun(2, 2), 3, false, "newer"},
		{"newer part", aControlsRun(1, 2), 4, false, "newer"},
		{"broken off at the end", aControlsRun(2, 2), 5, true, "newer"},
		{"newest LABELS='a || b'", aControlsRun(2, 2), 6, false, `newest LABELS='a \|\| b'`},
	} {
		step.run.Command, step.run.Interrupted = step.command, step.interrupted
		step.run.Started = step.run.Started.Add(time.Duration(step.hours) * time.Hour)
		runs = append(runs, step.run)
		found := FullestControls(runs, "flood")
		if row = found.Row("flood"); !strings.HasPrefix(row, "| flood | ") ||
			!strings.HasSuffix(row, " | `"+step.shows+"` | 2026-01-20 |\n") {
			t.Errorf("after run %q, the row does not tell of %q: %s", step.command, step.shows, row)
		}
	}
	if !strings.Contains(row, "| flood | 2 | 2 | 2 | 0 | 6s | not every scenario could be made red | ") {
		t.Errorf("the figures are others: %s", row)
	}
	if found := FullestControls(runs, "drought"); found.Outcomes() != 0 {
		t.Errorf("of another scenario there is %+v", found)
	}
}

// Goal: one scenario's row says nothing of another's arms and failures. Method: a run of two, one of them good.
func TestControlsOfOneScenario(t *testing.T) {
	run := aControlsRun(1, 1)
	run.Specs[0].Arms["without-runbook"] = ControlOutcome{Ending: contract.Red.Because(""), Took: time.Second}
	run.Specs = append(run.Specs, ControlledSpec{
		Scenario: "drought", Title: "Sun",
		Arms: map[contract.Arm]ControlOutcome{contract.WithoutFault: {Ending: contract.Red.Because("")}},
	})
	run.Failures = []ControlFailure{{Scenario: "drought", Title: "the suite"}}
	flood, drought := run.of("flood"), run.of("drought")
	if got := flood.Row("flood"); got != "| flood | 1 | 2 | 0 | 0 | 2s | good | `make controls` | 2026-01-20 |\n" {
		t.Errorf("the good one's row is %s", got)
	}
	if got := drought.Row("drought"); !strings.HasPrefix(got,
		"| drought | 1 | 1 | 1 | 0 | 0s | not every scenario could be made red |") {
		t.Errorf("the other one's row is %s", got)
	}
	if len(run.Specs) != 2 || len(run.Failures) != 1 {
		t.Errorf("the run itself has changed: %+v", run)
	}
}

// Goal: a run whose suite was lost does not take the place of one that has figures: arms that never ran are none. Method:
// count those of both.
func TestArmsThatNeverRanAreNoOutcomes(t *testing.T) {
	run := aControlsRun(1, 1)
	before := run.Outcomes()
	run.Specs[0].Arms["without-runbook"] = ControlOutcome{Ending: contract.NotRun.Because("never ran: interrupted")}
	if after := run.Outcomes(); after >= before+1 {
		t.Errorf("%d outcomes, and %d when one more has not run", before, after)
	}
}
