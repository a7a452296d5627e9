package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

// controlsSchema names the version of controls.json.
const controlsSchema = "reprise.controls/v1"

// controlsFile is where a run leaves it, in a folder of its own: a run's folder holds no JSON but records.
var controlsFile = filepath.Join("controls", "controls.json")

// A controlResult is what one arm of one spec has shown.
type controlResult string

const (
	wentRed      controlResult = "red"
	stayedGreen  controlResult = "not red"
	didNotApply  controlResult = "not applicable"
	cannotTell   controlResult = "inconclusive" // the machine starved
	otherReason  controlResult = "red for another reason"
	failedBefore controlResult = "failed before" // it never got to the place where it must go red
	wasNotRun    controlResult = "not run"
)

// leavesDoubt tells whether the arm has a meaning and did not go red.
func (r controlResult) leavesDoubt() bool {
	return r == stayedGreen || r == cannotTell || r == otherReason || r == failedBefore || r == wasNotRun
}

// controlEntry names the report entry by which a suite says how an arm ended: its result and its reason.
const controlEntry = "control arm"

// controls is what a run of control arms found, as controls.json holds it.
type controls struct {
	Schema      string           `json:"schema"`
	Command     string           `json:"command"`
	Labels      string           `json:"labels,omitempty"`
	Focus       string           `json:"focus,omitempty"`
	Started     time.Time        `json:"started"`
	Took        time.Duration    `json:"took_ns"`
	Interrupted bool             `json:"interrupted,omitempty"`
	Specs       []controlledSpec `json:"specs"`
	Failures    []controlFailure `json:"failures,omitempty"` // of suites, not of specs
}

// A controlledSpec is a spec with the outcome of each of its arms, by the arm's name.
type controlledSpec struct {
	Scenario string                    `json:"scenario"`
	Title    string                    `json:"title"`
	Arms     map[string]controlOutcome `json:"arms"`
}

// A controlOutcome is how one arm of a spec ended.
type controlOutcome struct {
	Result controlResult `json:"result"`
	Reason string        `json:"reason"`
	Took   time.Duration `json:"took_ns"` // the lab's start and end included
}

// A controlFailure is what went wrong outside of specs.
type controlFailure struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Arm      string `json:"arm"`
	Message  string `json:"message"`
	Output   string `json:"output,omitempty"` // the end of what a suite printed that left no report
}

// add takes what a suite reported in one arm, and holds it against what was planned.
func (c *controls) add(result suiteResult, arm string) {
	for _, suite := range result.reports {
		c.addSpecs(result.scenario(), suite, arm)
	}
	if failure := result.failure(); failure != nil {
		c.Failures = append(c.Failures, controlFailure{failure.Scenario, failure.Title, arm, failure.Message, failure.Output})
	}
	for _, spec := range result.withoutOutcome() {
		c.put(result.scenario(), spec.title, arm, controlOutcome{Result: wasNotRun, Reason: result.whyNeverRan()})
	}
}

// addSpecs takes the specs of a suite's report.
func (c *controls) addSpecs(scenario string, suite types.Report, arm string) {
	for _, spec := range suite.SpecReports {
		switch isSpec := spec.LeafNodeType.Is(types.NodeTypeIt); {
		case !isSpec && hasFailed(spec):
			c.Failures = append(c.Failures, controlFailure{scenario, title(spec), arm, message(spec), ""})
		case isSpec && wasSelected(spec):
			c.put(scenario, title(spec), arm, controlOutcomeOf(spec))
		}
	}
}

// put notes how an arm of a spec ended. Of two specs with one title the worse one counts.
func (c *controls) put(scenario, title, arm string, ended controlOutcome) {
	one := c.spec(scenario, title)
	if earlier, twice := one.Arms[arm]; !twice || earlier.Result == wentRed {
		one.Arms[arm] = ended
	}
}

// wasSelected tells whether the labels and the focus chose the spec: one that they did not is skipped
// without a word.
func wasSelected(spec types.SpecReport) bool {
	return !spec.State.Is(types.SpecStateSkipped) || spec.Failure.Message != "" || hasFailed(spec)
}

// spec finds a spec, or makes room for it.
func (c *controls) spec(scenario, title string) *controlledSpec {
	index := slices.IndexFunc(c.Specs, func(one controlledSpec) bool { return one.Scenario == scenario && one.Title == title })
	if index < 0 {
		index = len(c.Specs)
		c.Specs = append(c.Specs, controlledSpec{Scenario: scenario, Title: title, Arms: map[string]controlOutcome{}})
	}
	return &c.Specs[index]
}

// controlOutcomeOf reads how an arm ended. What the arm says of itself counts only when the spec ended
// the way the arm ends it: red and not applicable by a skip.
func controlOutcomeOf(spec types.SpecReport) controlOutcome {
	outcome := controlOutcome{Took: spec.RunTime.Round(time.Millisecond)}
	said, found := controlEnding(spec)
	skipped := spec.State.Is(types.SpecStateSkipped) && !hasFailed(spec)
	switch {
	case found && said.Result.leavesDoubt(), found && skipped:
		outcome.Result, outcome.Reason = said.Result, said.Reason
	case hasFailed(spec):
		outcome.Result, outcome.Reason = failedBefore, message(spec)
	case spec.State.Is(types.SpecStatePassed):
		outcome.Result, outcome.Reason = stayedGreen, "this scenario cannot be made red: it passed to its end"
	case spec.State.Is(types.SpecStatePending):
		outcome.Result, outcome.Reason = didNotApply, "it is marked as pending"
	default:
		outcome.Result, outcome.Reason = didNotApply, spec.Failure.Message
	}
	return outcome
}

// controlEnding is what the suite says of the arm; false when it says nothing that can be understood.
func controlEnding(spec types.SpecReport) (controlOutcome, bool) {
	for _, entry := range spec.ReportEntries {
		var said controlOutcome
		if entry.Name == controlEntry && json.Unmarshal([]byte(entry.Value.AsJSON), &said) == nil {
			return said, said.Result == wentRed || said.Result == didNotApply || said.Result.leavesDoubt()
		}
	}
	return controlOutcome{}, false
}

// outcome is that of an arm, also of one that was not run.
func (s controlledSpec) outcome(arm string) controlOutcome {
	if outcome, found := s.Arms[arm]; found {
		return outcome
	}
	return controlOutcome{Result: wasNotRun, Reason: "the run ended before"}
}

// A controlCount adds arms up. Whatever is neither red nor without meaning counts as not red.
type controlCount struct{ red, notRed, notApplicable int }

func (c *controlCount) add(specs ...controlledSpec) {
	for _, spec := range specs {
		for _, arm := range arms {
			switch spec.outcome(arm.name).Result {
			case wentRed:
				c.red++
			case didNotApply:
				c.notApplicable++
			default:
				c.notRed++
			}
		}
	}
}

// count adds all arms up.
func (c *controls) count() controlCount {
	var count controlCount
	count.add(c.Specs...)
	return count
}

// problem says why the run is not good; "" when it is.
func (c *controls) problem() string {
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
func writeControls(path string, found controls) error {
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
