package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// An outcome is what became of the specs of a run, all passes together.
type outcome struct {
	passed   int
	failures []reports.Failure
	skips    []reports.Skip
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
func (o *outcome) red(problems error) error {
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
func (o *outcome) add(result suiteResult, pass string, records []harness.Record) {
	o.selected += len(result.specs)
	for _, suite := range result.reports {
		o.addSpecs(result.scenario(), suite, pass, records)
	}
	if failure := result.failure(); failure != nil {
		o.incomplete = true
		o.failures = append(o.failures, *failure)
	}
	for _, spec := range result.withoutOutcome() {
		o.incomplete = true
		if record := recordOf(result.scenario(), spec.title, pass, records); record != "" {
			o.failures = append(o.failures, reports.Failure{
				Scenario: result.scenario(), Title: spec.title, Record: record,
				Message: "it left a record, but nothing says that it passed: " + result.why(),
			})
			continue
		}
		o.addLost(lost{result.scenario(), spec, result.whyNeverRan()}, pass)
	}
}

// addLost notes a spec that never ran, in one failure for all passes.
func (o *outcome) addLost(spec lost, pass string) {
	if o.neverRan == nil {
		o.neverRan = map[lost]*lostPasses{}
	}
	known := o.neverRan[spec]
	if known == nil {
		known = &lostPasses{failure: len(o.failures)}
		o.neverRan[spec] = known
		o.failures = append(o.failures, reports.Failure{
			Scenario: spec.scenario, Title: spec.spec.title, Kind: reports.NeverRan,
			Message: spec.why,
		})
	}
	if pass != "" {
		known.passes = append(known.passes, pass)
		o.failures[known.failure].Message = fmt.Sprintf("%s (pass %s)", spec.why, strings.Join(known.passes, ", "))
	}
}

// readSuites reads the runner's report. One that is not there is an error that wraps [io/fs.ErrNotExist].
func readSuites(path string) ([]types.Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the runner's report: %w", err)
	}
	var suites []types.Report
	if err := json.Unmarshal(text, &suites); err != nil {
		return nil, fmt.Errorf("read the runner's report %s: %w", path, err)
	}
	return suites, nil
}

// addSpecs counts the specs of a suite's report.
func (o *outcome) addSpecs(scenario string, suite types.Report, pass string, records []harness.Record) {
	for _, spec := range suite.SpecReports {
		switch {
		case hasFailed(spec):
			o.failures = append(o.failures, reports.Failure{
				Scenario: scenario, Title: title(spec), Message: message(spec), Record: recordOf(scenario, title(spec), pass, records),
			})
		case !spec.LeafNodeType.Is(types.NodeTypeIt):
		case spec.State.Is(types.SpecStatePassed):
			o.passed++
		case spec.State.Is(types.SpecStatePending):
			o.skips = append(o.skips, reports.Skip{Scenario: scenario, Title: title(spec), Reason: "it is marked as pending"})
		case spec.State.Is(types.SpecStateSkipped) && spec.Failure.Message != "":
			o.skips = append(o.skips, reports.Skip{Scenario: scenario, Title: title(spec), Reason: spec.Failure.Message})
		}
	}
}

// title is what the spec says, or which node it is where that has no text, such as a BeforeSuite.
func title(spec types.SpecReport) string {
	if text := reports.Title(spec.ContainerHierarchyTexts, spec.LeafNodeText); text != "" {
		return text
	}
	return spec.LeafNodeType.String()
}

// hasFailed tells whether anything went wrong in a spec. The runner calls a spec skipped, and its suite
// good, that was skipped first and whose cleanup failed then.
func hasFailed(spec types.SpecReport) bool {
	return spec.State.Is(types.SpecStateFailureStates) || len(spec.AdditionalFailures) > 0
}

// message says what went wrong in a spec that failed, and where.
func message(spec types.SpecReport) string {
	failure := spec.Failure
	if !spec.State.Is(types.SpecStateFailureStates) && len(spec.AdditionalFailures) > 0 {
		failure = spec.AdditionalFailures[0].Failure
	}
	return fmt.Sprintf("%s\n%s:%d", failure.Message, filepath.Base(failure.Location.FileName), failure.Location.LineNumber)
}

// recordOf finds the record that the spec left; a run of several passes has one for each.
func recordOf(scenario, title, pass string, records []harness.Record) string {
	for _, record := range records {
		ours := strings.HasSuffix(record.ID, contract.RecordSuffix(pass, contract.WholeDrill))
		if record.Scenario == scenario && record.Title == title && ours {
			return record.ID
		}
	}
	return ""
}

// counts is the line that ends every run, for people and for CI.
func (o *outcome) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.passed, len(o.failures), len(o.skips))
}
