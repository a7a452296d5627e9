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
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		o.failures = append(o.failures, reports.Failure{Scenario: "scenarios", Title: "the suites", Message: "they ended before they wrote a report: see the output above"})
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the runner's report: %w", err)
	}
	var suites []types.Report
	if err := json.Unmarshal(text, &suites); err != nil {
		return fmt.Errorf("read the runner's report %s: %w", path, err)
	}
	for _, suite := range suites {
		o.addSuite(suite, pass, records)
	}
	return nil
}

func (o *outcome) addSuite(suite types.Report, pass string, records []harness.Record) {
	scenario := filepath.Base(suite.SuitePath)
	o.selected += suite.PreRunStats.SpecsThatWillRun
	failed := false
	for _, spec := range suite.SpecReports {
		switch {
		case spec.State.Is(types.SpecStateFailureStates):
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

func message(spec types.SpecReport) string {
	where := spec.FailureLocation()
	return fmt.Sprintf("%s\n%s:%d", spec.FailureMessage(), filepath.Base(where.FileName), where.LineNumber)
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
