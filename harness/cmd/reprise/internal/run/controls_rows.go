package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// ControlsHeader is the head of the table. A row says itself which run it tells of: the others may be of
// another one.
const ControlsHeader = "| Scenario | Specs | Arms red, as they must be | Not red | Not applicable | Time | Outcome | Command " +
	"| Date |\n" +
	"|---|---|---|---|---|---|---|---|---|\n"

// FullestControls is what, of several runs, the run with the most outcomes of the scenario says of it, the newest of those that
// were not interrupted. It is empty when there is none.
func FullestControls(runs []ControlsReport, scenario string) ControlsReport {
	var fullest ControlsReport
	for _, run := range runs {
		if run.Schema != controlsSchema {
			continue // of another version of Reprise
		}
		if found := run.of(scenario); found.compare(&fullest) > 0 {
			fullest = found
		}
	}
	return fullest
}

// compare is positive when the run is to be shown rather than the other.
func (c *ControlsReport) compare(other *ControlsReport) int {
	ended := map[bool]int{true: 0, false: 1} // by whether it was interrupted
	return cmp.Or(cmp.Compare(c.Outcomes(), other.Outcomes()), cmp.Compare(ended[c.Interrupted], ended[other.Interrupted]),
		c.Started.Compare(other.Started))
}

// of is the run as if it had been one of the scenario alone.
func (c *ControlsReport) of(scenario string) ControlsReport {
	one := *c
	one.Specs = slices.DeleteFunc(slices.Clone(c.Specs), func(spec ControlledSpec) bool { return spec.Scenario != scenario })
	one.Failures = slices.DeleteFunc(slices.Clone(c.Failures),
		func(failure ControlFailure) bool { return failure.Scenario != scenario })
	return one
}

// Outcomes counts the arms that ran.
func (c *ControlsReport) Outcomes() int {
	count := 0
	for _, spec := range c.Specs {
		for _, outcome := range spec.Arms {
			if outcome.Result != contract.NotRun {
				count++
			}
		}
	}
	return count
}

// Row is the line of the table that tells of a run of one scenario.
func (c *ControlsReport) Row(scenario string) string {
	var took time.Duration
	for _, spec := range c.Specs {
		for _, outcome := range spec.Arms {
			took += outcome.Took
		}
	}
	count := c.count()
	command := strings.ReplaceAll(c.Command, "|", `\|`) // LABELS may hold one, and it would end the cell
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %v | %s | `%s` | %s |\n", scenario, len(c.Specs), count.red, count.notRed,
		count.notApplicable,
		took.Round(time.Second), cmp.Or(c.problem(), "good"), command, c.Started.Format(time.DateOnly))
}
