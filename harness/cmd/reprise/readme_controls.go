package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// errNoControls says that there is no run of control arms to tell of.
var errNoControls = errors.New("no run of control arms is there: run make controls first")

// controlsHeader is the head of the table. A row says itself which run it tells of: the others may be of
// another one.
const controlsHeader = "| Scenario | Specs | Arms red, as they must be | Not red | Not applicable | Time | Outcome | Command " +
	"| Date |\n" +
	"|---|---|---|---|---|---|---|---|---|\n"

// A controlRow is what the table says of a scenario: a whole line.
type controlRow struct{ scenario, line string }

// controlRows reads the rows of the table as it stands in the track record. Scenarios that it lacks follow, without
// figures. A row of a scenario that does not exist is an error.
func controlRows(table string, known catalog) ([]controlRow, error) {
	var rows []controlRow
	missing := slices.Clone(known.folders)
	head := true
	for line := range strings.Lines(table) {
		cells, isRow := strings.CutPrefix(line, "| ")
		if !isRow {
			continue
		}
		if head {
			head = false
			continue
		}
		scenario, _, _ := strings.Cut(cells, " |")
		if err := known.checkScenario(scenario); err != nil {
			return nil, err
		}
		rows = append(rows, controlRow{scenario, line})
		missing = slices.DeleteFunc(missing, func(folder string) bool { return folder == scenario })
	}
	for _, scenario := range missing {
		rows = append(rows, controlRow{scenario, "| " + scenario + " | – | – | – | – | – | no figures yet | – | – |\n"})
	}
	return rows, nil
}

// controlsTable renders the table of the control arms: the rows of scenarios that a run tells of anew, the
// others as they are. When no run tells of any, the error wraps errNoControls.
func controlsTable(root string, rows []controlRow) (string, error) {
	runs, err := readResults[controls](filepath.Join(runsFolder(root), "*", controlsFile))
	if err != nil {
		return "", fmt.Errorf("tell of the control arms: %w", err)
	}
	table, told := controlsHeader, false
	for _, row := range rows {
		if found := fullestControls(runs, row.scenario); found.outcomes() > 0 {
			row.line, told = found.row(row.scenario), true
		}
		table += row.line
	}
	if !told {
		return "", fmt.Errorf("tell of the control arms: %w", errNoControls)
	}
	return table, nil
}

// fullestControls is what the run with the most outcomes of the scenario says of it, the newest of those that
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
