package readme

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/internal/module"
)

// errNoControls says that there is no run of control arms to tell of.
var errNoControls = errors.New("no run of control arms is there that tried as many specs of a scenario as its row has: " +
	"run make controls first")

// A controlRow is what the table says of a scenario: a whole line.
type controlRow struct{ scenario, line string }

// controlRows reads the rows of the table as it stands in the track record. Scenarios that it lacks follow, without
// figures. A row of a scenario that does not exist is an error.
func controlRows(table string, known repository.Catalog) ([]controlRow, error) {
	var rows []controlRow
	missing := slices.Clone(known.Folders)
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
		if err := checkScenario(known, scenario); err != nil {
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

// specs is how many specs the row tells of, 0 when it has no figures yet.
func (r controlRow) specs() int {
	cells := strings.Split(r.line, "|")
	if len(cells) < 3 {
		return 0
	}
	count, _ := strconv.Atoi(strings.TrimSpace(cells[2])) // a dash is none
	return count
}

// controlsTable renders the table of the control arms: the rows of scenarios that a run tells of anew, the
// others as they are, and so those of which a run tried a part only. When no run tells of any, the error wraps errNoControls.
func controlsTable(root string, rows []controlRow) (string, error) {
	runs, err := readResults[run.ControlsReport](filepath.Join(module.RunsFolder(root), "*", run.ControlsFile))
	if err != nil {
		return "", fmt.Errorf("tell of the control arms: %w", err)
	}
	table, told := run.ControlsHeader, false
	for _, row := range rows {
		if found := run.FullestControls(runs, row.scenario); found.Outcomes() > 0 && len(found.Specs) >= row.specs() {
			row.line, told = found.Row(row.scenario), true
		}
		table += row.line
	}
	if !told {
		return "", fmt.Errorf("tell of the control arms: %w", errNoControls)
	}
	return table, nil
}
