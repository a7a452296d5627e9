package run

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// show writes a table with a line per spec, then what is not red and why, then the sums.
func (c *ControlsReport) show(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	header := "SCENARIO\tSPEC"
	for _, arm := range arms {
		header += "\t" + strings.ToUpper(arm.title)
	}
	fmt.Fprintln(table, header)
	for _, spec := range c.Specs {
		line := spec.Scenario + "\t" + spec.Title
		for _, arm := range arms {
			line += "\t" + spec.outcome(arm.name).words(arm.place)
		}
		fmt.Fprintln(table, line)
	}
	_ = table.Flush() // as with every print: nobody could be told
	fmt.Fprintf(out, "\nwhatever a drill's own targets are: without its fault nothing may break within %v, and without its runbook "+
		"the service may not be back within %v\n", contract.ControlDetectWithin, contract.ControlRecovery)
	c.explain(out)
	count := c.count()
	fmt.Fprintf(out, "\n%d arms red as expected, %d not red, %d not applicable\n", count.red, count.notRed, count.notApplicable)
}

// explain says of everything that is not as it must be why.
func (c *ControlsReport) explain(out io.Writer) {
	indented := func(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }
	for _, spec := range c.Specs {
		for _, arm := range arms {
			if outcome := spec.outcome(arm.name); outcome.Result.LeavesDoubt() {
				fmt.Fprintf(out, "\n%s %s, %s: %s\n  %s\n", spec.Scenario, spec.Title, arm.title, outcome.Result, indented(outcome.Reason))
			}
		}
	}
	for _, failure := range c.Failures {
		fmt.Fprintf(out, "\n%s, %s, %s:\n  %s\n", failure.Scenario, failure.Title, failure.Arm,
			indented(strings.TrimSpace(failure.Message+"\n"+failure.Output)))
	}
}

// words is the outcome as the table says it, of an arm that must go red in that place.
func (o ControlOutcome) words(place string) string {
	switch o.Result {
	case contract.Red:
		return "red at " + place
	case contract.NotRed:
		return "NOT RED"
	case contract.Inconclusive:
		return "INCONCLUSIVE"
	case contract.OtherReason:
		return "RED FOR ANOTHER REASON"
	case contract.FailedBefore:
		return "FAILED BEFORE " + place
	case contract.NotRun:
		return "NOT RUN"
	}
	return fmt.Sprintf("not applicable (%s)", o.Reason)
}

// pageFailures are what went wrong, for the page.
func (c *ControlsReport) pageFailures(records []harness.Record) []reports.Failure {
	var failures []reports.Failure
	for _, failure := range c.Failures {
		failures = append(failures, reports.Failure{
			Kind: reports.SuiteFailed, Scenario: failure.Scenario, Title: failure.Title + ", " + string(failure.Arm),
			Message: failure.Message, Output: failure.Output,
		})
	}
	for _, spec := range c.Specs {
		for _, arm := range arms {
			outcome, kind := spec.outcome(arm.name), reports.SpecFailed
			if outcome.Result == contract.NotRun {
				kind = reports.NeverRan
			}
			if outcome.Result.LeavesDoubt() {
				failures = append(failures, reports.Failure{
					Kind: kind, Scenario: spec.Scenario, Title: spec.Title, Message: outcome.Reason,
					Record: controlRecord(spec, arm.name, records),
				})
			}
		}
	}
	return failures
}

// controlRecord finds the record that an arm of the spec has left; "" when it left none.
func controlRecord(spec ControlledSpec, arm contract.Arm, records []harness.Record) string {
	for _, record := range records {
		if record.Scenario == spec.Scenario && strings.HasPrefix(record.Title, spec.Title+" (") &&
			strings.HasSuffix(record.ID, contract.RecordSuffix("", arm)) {
			return record.ID
		}
	}
	return ""
}
