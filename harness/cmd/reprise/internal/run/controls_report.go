package run

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
)

// controlsSchema names the version of controls.json.
const controlsSchema = "reprise.controls/v1"

// ControlsFile is where a run leaves it, in a folder of its own: a run's folder holds no JSON but records.
var ControlsFile = filepath.Join("controls", "controls.json")

// ControlsReport is what a run of control arms found, as controls.json holds it.
type ControlsReport struct {
	Schema      string           `json:"schema"`
	Command     string           `json:"command"`
	Labels      string           `json:"labels,omitempty"`
	Focus       string           `json:"focus,omitempty"`
	Started     time.Time        `json:"started"`
	Took        time.Duration    `json:"took_ns"`
	Interrupted bool             `json:"interrupted,omitempty"`
	Specs       []ControlledSpec `json:"specs"`
	Failures    []ControlFailure `json:"failures,omitempty"` // of suites, not of specs
}

// A ControlledSpec is a spec with the outcome of each of its arms, by the arm's name.
type ControlledSpec struct {
	Scenario string                          `json:"scenario"`
	Title    string                          `json:"title"`
	Arms     map[contract.Arm]ControlOutcome `json:"arms"`
}

// A ControlOutcome is how one arm of a spec ended.
type ControlOutcome struct {
	contract.Ending
	Took time.Duration `json:"took_ns"` // the lab's start and end included
}

// A ControlFailure is what went wrong outside of specs.
type ControlFailure struct {
	Scenario string       `json:"scenario"`
	Title    string       `json:"title"`
	Arm      contract.Arm `json:"arm"`
	Message  string       `json:"message"`
	Output   string       `json:"output,omitempty"` // the end of what a suite printed that left no report
}

// add takes what a suite reported in one arm, and holds it against what was planned.
func (c *ControlsReport) add(result suiteResult, arm contract.Arm) {
	for _, suite := range result.reports {
		c.addSpecs(result.scenario(), suite, arm)
	}
	if failure := result.failure(); failure != nil {
		c.Failures = append(c.Failures, ControlFailure{failure.Scenario, failure.Title, arm, failure.Message, failure.Output})
	}
	for _, spec := range result.withoutOutcome() {
		c.put(result.scenario(), spec.title, arm, ControlOutcome{Ending: contract.NotRun.Because(result.whyNeverRan())})
	}
}

// addSpecs takes the specs of a suite's report.
func (c *ControlsReport) addSpecs(scenario string, suite types.Report, arm contract.Arm) {
	for _, spec := range suite.SpecReports {
		switch isSpec := spec.LeafNodeType.Is(types.NodeTypeIt); {
		case !isSpec && outcome.Failed(spec):
			c.Failures = append(c.Failures, ControlFailure{scenario, outcome.Title(spec), arm, outcome.Message(spec), ""})
		case isSpec && wasSelected(spec):
			c.put(scenario, outcome.Title(spec), arm, controlOutcomeOf(spec))
		}
	}
}

// put notes how an arm of a spec ended. Of two specs with one title the worse one counts.
func (c *ControlsReport) put(scenario, title string, arm contract.Arm, ended ControlOutcome) {
	one := c.spec(scenario, title)
	if earlier, twice := one.Arms[arm]; !twice || earlier.Result == contract.Red {
		one.Arms[arm] = ended
	}
}

// wasSelected tells whether the labels and the focus chose the spec: one that they did not is skipped
// without a word.
func wasSelected(spec types.SpecReport) bool {
	return !spec.State.Is(types.SpecStateSkipped) || spec.Failure.Message != "" || outcome.Failed(spec)
}

// spec finds a spec, or makes room for it.
func (c *ControlsReport) spec(scenario, title string) *ControlledSpec {
	index := slices.IndexFunc(c.Specs, func(one ControlledSpec) bool { return one.Scenario == scenario && one.Title == title })
	if index < 0 {
		index = len(c.Specs)
		c.Specs = append(c.Specs, ControlledSpec{Scenario: scenario, Title: title, Arms: map[contract.Arm]ControlOutcome{}})
	}
	return &c.Specs[index]
}

// controlOutcomeOf reads how an arm ended. What the arm says of itself counts only when the spec ended the way the arm ends it:
// red as one that passed (or was skipped, where the suite's runner is not ours), not applicable by a skip.
func controlOutcomeOf(spec types.SpecReport) ControlOutcome {
	ended := ControlOutcome{Took: spec.RunTime.Round(time.Millisecond)}
	said, found := controlEnding(spec)
	asMeant := types.SpecStateSkipped
	if said.Result == contract.Red {
		asMeant |= types.SpecStatePassed
	}
	switch {
	case found && said.Result.LeavesDoubt(), found && spec.State.Is(asMeant) && !outcome.Failed(spec):
		ended.Ending = said
	case outcome.Failed(spec):
		ended.Ending = contract.FailedBefore.Because(outcome.Message(spec))
	case spec.State.Is(types.SpecStatePassed):
		ended.Ending = contract.NotRed.Because("this scenario cannot be made red: it passed to its end")
	case spec.State.Is(types.SpecStatePending):
		ended.Ending = contract.NotApplicable.Because("it is marked as pending")
	default:
		ended.Ending = contract.NotApplicable.Because(spec.Failure.Message)
	}
	return ended
}

// controlEnding is what the suite says of the arm; false when it says nothing that can be understood.
func controlEnding(spec types.SpecReport) (contract.Ending, bool) {
	for _, entry := range spec.ReportEntries {
		var said contract.Ending
		if entry.Name == contract.ControlEntry && json.Unmarshal([]byte(entry.Value.AsJSON), &said) == nil {
			return said, said.Result == contract.Red || said.Result == contract.NotApplicable || said.Result.LeavesDoubt()
		}
	}
	return contract.Ending{}, false
}

// outcome is that of an arm, also of one that was not run.
func (s ControlledSpec) outcome(arm contract.Arm) ControlOutcome {
	if outcome, found := s.Arms[arm]; found {
		return outcome
	}
	return ControlOutcome{Ending: contract.NotRun.Because("the run ended before")}
}

// A controlCount adds arms up. Whatever is neither red nor without meaning counts as not red.
type controlCount struct{ red, notRed, notApplicable int }

func (c *controlCount) add(specs ...ControlledSpec) {
	for _, spec := range specs {
		for _, arm := range arms {
			switch spec.outcome(arm.name).Result {
			case contract.Red:
				c.red++
			case contract.NotApplicable:
				c.notApplicable++
			default:
				c.notRed++
			}
		}
	}
}

// count adds all arms up.
func (c *ControlsReport) count() controlCount {
	var count controlCount
	count.add(c.Specs...)
	return count
}

// problem says why the run is not good; "" when it is.
func (c *ControlsReport) problem() string {
	count := c.count()
	switch {
	case c.Interrupted:
		return "interrupted: not everything ran"
	case len(c.Specs) == 0 && len(c.Failures) == 0:
		return fmt.Sprintf("no spec was selected by labels %q and focus %q: nothing was checked", c.Labels, c.Focus)
	case count.notRed > 0 || len(c.Failures) > 0:
		return "not every scenario could be made red"
	case count.red == 0:
		return "no selected spec has a control arm: nothing was checked"
	}
	return ""
}

// writeControls writes controls.json.
func writeControls(path string, found ControlsReport) error {
	text, err := json.MarshalIndent(found, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
