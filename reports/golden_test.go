package reports

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// TestMadeUpRecords keeps testdata/*.json what the builder makes. A kept record is never written
// again: what was observed must be the same to the last digit, and its old judgement must agree with
// today's verdict and figures. Method: compare the records, both ways, with testdata; with -update,
// write only those that are not there yet.
func TestMadeUpRecords(t *testing.T) {
	made := madeUp()
	for _, record := range made {
		path := filepath.Join("testdata", record.ID+".json")
		if _, err := os.Stat(path); *update && errors.Is(err, fs.ErrNotExist) {
			if err := WriteRecord("testdata", record); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := ReadRecord(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, difference := range differences(kept.Judgement, record.Judgement) {
			t.Errorf("%s: %s", record.ID, difference)
		}
		record.Judgement, kept.Judgement = harness.Judgement{}, harness.Judgement{}
		if got, want := asJSON(t, record), asJSON(t, kept); got != want {
			t.Errorf("the builder makes another record than %s: make a new one instead\n got %s\nwant %s", path, got, want)
		}
	}
	if kept, _ := recordPaths("testdata"); len(kept) != len(made) {
		t.Errorf("testdata holds %d records, the builder makes %d", len(kept), len(made))
	}
}

func asJSON(t *testing.T, record harness.Record) string {
	t.Helper()
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGoldenReports keeps every report of a run what it was when somebody last looked at it.
// Method: render the made-up run, compare byte by byte.
func TestGoldenReports(t *testing.T) {
	for name, format := range map[string]string{
		"index.html": "page", "summary.md": "summary", "junit.xml": "junit", "metrics.txt": "metrics", "table.txt": "table",
		"table-color.txt": "table in colour",
	} {
		t.Run(name, func(t *testing.T) { golden(t, filepath.Join("golden", name), []byte(render(t, madeUpRun(), format))) })
	}
}

// TestMadeUpRecordsCoverTheOutcomes makes sure that the golden files show every case a reader can
// meet. Method: collect the words for verdict and recovery of all made-up records.
func TestMadeUpRecordsCoverTheOutcomes(t *testing.T) {
	var seen []string
	for _, record := range madeUp() {
		seen = append(seen, verdictWords(record), viewOf(record, nil).By)
	}
	for _, want := range []string{
		"met", "missed, as claimed", "missed, not as claimed", "inconclusive", "runbook", "self",
		"revert", "nobody",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("no made-up record shows %q: %s", want, strings.Join(seen, "; "))
		}
	}
}
