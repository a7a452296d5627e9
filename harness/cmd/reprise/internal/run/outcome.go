package run

import (
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// A specOutcome is what became of the specs of a run, all passes together.
type specOutcome struct {
	outcome.Outcome
	selected int // specs that the labels and the focus chose, whatever became of them
	// incomplete tells whether a suite did not report as it should, or a chosen spec has no outcome.
	incomplete bool
	neverRan   map[lost]*lostPasses
}

// lost is a spec that never ran, and why: in several passes it is one failure.
type lost struct {
	scenario string
	spec     plannedSpec
	why      string
}

// lostPasses are those in which a spec never ran, and the place of its failure.
type lostPasses struct {
	failure int
	passes  []string
}

// errIncomplete says that a run is red for another reason than a spec that failed.
var errIncomplete = errors.New("not every chosen spec has an outcome, or a suite did not end as it should")

// red is the error of a run that is not good; nil for one that is.
func (o *specOutcome) red(problems error) error {
	switch {
	case o.incomplete:
		return errors.Join(ErrRed, errIncomplete)
	case problems != nil:
		return ErrRed
	}
	return nil
}

// add takes what a suite reported in a pass, and holds it against what was planned: a chosen spec that has no outcome has
// failed, and so has a suite that did not end as it should. Nothing to read must not look like nothing that failed.
func (o *specOutcome) add(result suiteResult, pass string, records []harness.Record) {
	o.selected += len(result.specs)
	for _, suite := range result.reports {
		o.AddSpecs(result.scenario(), suite, pass, records)
	}
	if failure := result.failure(); failure != nil {
		o.incomplete = true
		o.Failures = append(o.Failures, *failure)
	}
	for _, spec := range result.withoutOutcome() {
		o.incomplete = true
		if record := outcome.RecordOf(result.scenario(), spec.title, pass, records); record != "" {
			o.Failures = append(o.Failures, reports.Failure{
				Scenario: result.scenario(), Title: spec.title, Record: record,
				Message: "it left a record, but nothing says that it passed: " + result.why(),
			})
			continue
		}
		o.addLost(lost{result.scenario(), spec, result.whyNeverRan()}, pass)
	}
}

// addLost notes a spec that never ran, in one failure for all passes.
func (o *specOutcome) addLost(spec lost, pass string) {
	if o.neverRan == nil {
		o.neverRan = map[lost]*lostPasses{}
	}
	known := o.neverRan[spec]
	if known == nil {
		known = &lostPasses{failure: len(o.Failures)}
		o.neverRan[spec] = known
		o.Failures = append(o.Failures, reports.Failure{
			Scenario: spec.scenario, Title: spec.spec.title, Kind: reports.NeverRan,
			Message: spec.why,
		})
	}
	if pass != "" {
		known.passes = append(known.passes, pass)
		o.Failures[known.failure].Message = fmt.Sprintf("%s (pass %s)", spec.why, strings.Join(known.passes, ", "))
	}
}

// counts is the line that ends every run, for people and for CI.
func (o *specOutcome) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.Passed, len(o.Failures), len(o.Skips))
}
