package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// controlsHeader is the head of the table. A row says itself which run it tells of: the others may be of
// another one.
const controlsHeader = "| Scenario | Specs | Arms red, as they must be | Not red | Not applicable | Time | Outcome | Command " +
	"| Date |\n" +
	"|---|---|---|---|---|---|---|---|---|\n"

// fullestControls is what, of several runs, the run with the most outcomes of the scenario says of it, the newest of those that
// were not interrupted. It is empty when there is none.
func fullestControls(runs []controls, scenario string) controls {
	var fullest controls
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
func (c *controls) compare(other *controls) int {
	ended := map[bool]int{true: 0, false: 1} // by whether it was interrupted
	return cmp.Or(cmp.Compare(c.outcomes(), other.outcomes()), cmp.Compare(ended[c.Interrupted], ended[other.Interrupted]),
		c.Started.Compare(other.Started))
}

// of is the run as if it had been one of the scenario alone.
func (c *controls) of(scenario string) controls {
	one := *c
	one.Specs = slices.DeleteFunc(slices.Clone(c.Specs), func(spec controlledSpec) bool { return spec.Scenario != scenario })
	one.Failures = slices.DeleteFunc(slices.Clone(c.Failures),
		func(failure controlFailure) bool { return failure.Scenario != scenario })
	return one
}

// outcomes counts the arms that ran.
func (c *controls) outcomes() int {
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

// row is the line of the table that tells of a run of one scenario.
func (c *controls) row(scenario string) string {
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
