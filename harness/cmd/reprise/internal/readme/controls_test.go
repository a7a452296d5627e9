package readme

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// keepControls leaves a run of control arms of the flood: one of them is red.
func keepControls(t *testing.T, root, name string) {
	t.Helper()
	text, err := json.Marshal(run.ControlsReport{
		Schema: "reprise.controls/v1", Command: "make controls", Started: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC),
		Specs: []run.ControlledSpec{{Scenario: "flood", Title: "Rain", Arms: map[contract.Arm]run.ControlOutcome{
			contract.WithoutFault:   {Ending: contract.Red.Because("it is dry"), Took: time.Second},
			contract.WithoutRunbook: {Ending: contract.NotRed.Because("it dried"), Took: 2 * time.Second},
		}}},
	})
	path := filepath.Join(module.RunsFolder(root), name, run.ControlsFile)
	testkit.Must(t, errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)))
}

// Goal: the rows of scenarios that a run tells of are written anew, the others stay; without a run there is no table, and a run
// of a part of a scenario is none. Method: a table of two scenarios, without a run and after one of the flood.
func TestControlsTable(t *testing.T) {
	root := t.TempDir()
	rows := []controlRow{{"drought", "| drought | as it was |\n"}, {"flood", "| flood | old |\n"}}
	if _, err := controlsTable(root, rows); !errors.Is(err, errNoControls) {
		t.Errorf("without a run the error is %v", err)
	}
	keepControls(t, root, "20260120")
	fuller := []controlRow{{"flood", "| flood | 2 | 4 | 0 | 0 | 3s | good | `make controls` | 2026-01-19 |\n"}}
	if table, err := controlsTable(root, fuller); !errors.Is(err, errNoControls) {
		t.Errorf("a row of two specs gives way to one of one: %v\n%s", err, table)
	}
	table, err := controlsTable(root, rows)
	if err != nil || table != run.ControlsHeader+"| drought | as it was |\n| flood | 1 | 1 | 1 | 0 | 3s | "+
		"not every scenario could be made red | `make controls` | 2026-01-20 |\n" {
		t.Errorf("%v:\n%s", err, table)
	}
}

// Goal: rows stay in their order, and no scenario is without one. Method: a table that lacks one of three, and
// an empty one.
func TestControlRows(t *testing.T) {
	known := repository.Catalog{Folders: []string{"drought", "flood", "frost"}}
	for table, want := range map[string]string{
		run.ControlsHeader + "| frost | 1 |\n| drought | 2 |\n": "| frost | 1 |\n| drought | 2 |\n| flood | – ",
		"": "| drought | – ",
	} {
		rows, err := controlRows(table, known)
		text := ""
		for _, row := range rows {
			text += row.line
		}
		if err != nil || len(rows) != 3 || !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "| no figures yet | – | – |\n") {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}
