// Package outcome reads in the runner's report what became of specs, and says it as a run's report does. It imports the report's
// types and not the runner, so that the command that runs suites can use it as suites do.
package outcome

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// Read reads the runner's report, which has one part for each suite. One that is not there is an error that wraps
// [io/fs.ErrNotExist].
func Read(path string) ([]types.Report, error) {
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

// An Outcome is what became of specs. The zero Outcome is that of none.
type Outcome struct {
	Passed   int
	Failures []reports.Failure
	Skips    []reports.Skip
}

// AddSpecs counts the specs of a suite's report.
func (o *Outcome) AddSpecs(scenario string, suite types.Report, pass string, records []harness.Record) {
	for _, spec := range suite.SpecReports {
		switch {
		case Failed(spec):
			o.Failures = append(o.Failures, reports.Failure{
				Scenario: scenario, Title: Title(spec), Message: Message(spec), Details: details(spec),
				Record: RecordOf(scenario, Title(spec), pass, records),
			})
		case !spec.LeafNodeType.Is(types.NodeTypeIt):
		case spec.State.Is(types.SpecStatePassed):
			o.Passed++
		case spec.State.Is(types.SpecStatePending):
			o.Skips = append(o.Skips, reports.Skip{Scenario: scenario, Title: Title(spec), Reason: "it is marked as pending"})
		case spec.State.Is(types.SpecStateSkipped) && spec.Failure.Message != "":
			o.Skips = append(o.Skips, reports.Skip{Scenario: scenario, Title: Title(spec), Reason: spec.Failure.Message})
		}
	}
}

// Title is what the spec says, or which node it is where that has no text, such as a BeforeSuite.
func Title(spec types.SpecReport) string {
	if text := reports.Title(spec.ContainerHierarchyTexts, spec.LeafNodeText); text != "" {
		return text
	}
	return spec.LeafNodeType.String()
}

// Failed tells whether anything went wrong in a spec. The runner calls a spec skipped, and its suite
// good, that was skipped first and whose cleanup failed then.
func Failed(spec types.SpecReport) bool {
	return spec.State.Is(types.SpecStateFailureStates) || len(spec.AdditionalFailures) > 0
}

// Message says in a sentence what went wrong in a spec that failed, and below that where.
func Message(spec types.SpecReport) string {
	failure := failureOf(spec)
	return fmt.Sprintf("%s\n%s:%d", headline(failure.Message), filepath.Base(failure.Location.FileName), failure.Location.LineNumber)
}

// details are the whole text of what went wrong; "" when the sentence is all of it.
func details(spec types.SpecReport) string {
	if whole := failureOf(spec).Message; whole != headline(whole) {
		return whole
	}
	return ""
}

// failureOf is what went wrong first.
func failureOf(spec types.SpecReport) types.Failure {
	if !spec.State.Is(types.SpecStateFailureStates) && len(spec.AdditionalFailures) > 0 {
		return spec.AdditionalFailures[0].Failure
	}
	return spec.Failure
}

// RecordOf finds the record that the spec left; a run of several passes has one for each.
func RecordOf(scenario, title, pass string, records []harness.Record) string {
	for _, record := range records {
		ours := strings.HasSuffix(record.ID, contract.RecordSuffix(pass, contract.WholeDrill))
		if record.Scenario == scenario && record.Title == title && ours {
			return record.ID
		}
	}
	return ""
}
