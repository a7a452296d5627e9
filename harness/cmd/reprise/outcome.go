package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/reports"
)

// An outcome is what the runner says about the specs of a run, all passes together.
type outcome struct {
	passed   int
	failures []reports.Failure
	skips    []reports.Skip
	selected int // specs that the labels and the focus chose, whatever became of them
}

// add reads the runner's report of one pass. A suite that did not get as far as writing one has
// failed: an empty report must not look like a good one.
func (o *outcome) add(path, pass string, records []harness.Record) error {
	suites, err := readSuites(path)
	if errors.Is(err, fs.ErrNotExist) {
		o.failures = append(o.failures, noReport)
		return nil
	}
	if err != nil {
		return err
	}
	for _, suite := range suites {
		o.addSuite(suite, pass, records)
	}
	return nil
}

// noReport is the failure of suites that left nothing to read.
var noReport = reports.Failure{Scenario: "scenarios", Title: "the suites", Message: "they ended before they wrote a report: see the output above"}

// readSuites reads the runner's report. One that is not there is an error that wraps [fs.ErrNotExist].
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

func (o *outcome) addSuite(suite types.Report, pass string, records []harness.Record) {
	scenario := filepath.Base(suite.SuitePath)
	o.selected += suite.PreRunStats.SpecsThatWillRun
	failed := false
	for _, spec := range suite.SpecReports {
		switch {
		case hasFailed(spec):
			failed = true
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
	if !suite.SuiteSucceeded && !failed {
		o.failures = append(o.failures, reports.Failure{Scenario: scenario, Title: "the suite", Message: suiteMessage(suite)})
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

func suiteMessage(suite types.Report) string {
	if len(suite.SpecialSuiteFailureReasons) == 0 {
		return "it failed without saying why: see the output above"
	}
	return strings.Join(suite.SpecialSuiteFailureReasons, "\n")
}

// recordOf finds the record that the spec left; a run of several passes has one for each.
func recordOf(scenario, title, pass string, records []harness.Record) string {
	for _, record := range records {
		if record.Scenario == scenario && record.Title == title && (pass == "" || strings.HasSuffix(record.ID, "-pass-"+pass)) {
			return record.ID
		}
	}
	return ""
}

// counts is the line that ends every run, for people and for CI.
func (o *outcome) counts() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", o.passed, len(o.failures), len(o.skips))
}
