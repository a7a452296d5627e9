package reports

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMadeUpRecords keeps testdata/*.json what the builder makes. Method: write every made-up record
// into a folder and compare the files, both ways, with testdata.
func TestMadeUpRecords(t *testing.T) {
	dir := t.TempDir()
	for _, record := range madeUp() {
		if err := WriteRecord(dir, record); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, record.ID+".json"))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, record.ID+".json", text)
	}
	made, _ := recordPaths(dir)
	kept, _ := recordPaths("testdata")
	if len(made) == 0 || len(made) != len(kept) {
		t.Errorf("testdata holds %d records, the builder makes %d", len(kept), len(made))
	}
}

// TestGoldenReports keeps every report of a run what it was when somebody last looked at it.
// Method: render the made-up run, compare byte by byte.
func TestGoldenReports(t *testing.T) {
	run := madeUpRun()
	for name, write := range map[string]func(io.Writer, Run) error{
		"index.html":      Page,
		"summary.md":      Summary,
		"junit.xml":       JUnit,
		"metrics.txt":     func(w io.Writer, run Run) error { return OpenMetrics(w, run.Records) },
		"table.txt":       func(w io.Writer, run Run) error { Table(w, run, false); return nil },
		"table-color.txt": func(w io.Writer, run Run) error { Table(w, run, true); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			if err := write(&text, run); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("golden", name), text.Bytes())
		})
	}
}

// TestMadeUpRecordsCoverTheOutcomes makes sure that the golden files show every case a reader can
// meet. Method: collect the words for verdict and recovery of all made-up records.
func TestMadeUpRecordsCoverTheOutcomes(t *testing.T) {
	var seen []string
	for _, record := range madeUp() {
		seen = append(seen, verdictWords(record), recoveredBy(record))
	}
	for _, want := range []string{"met", "missed, as claimed", "missed, not as claimed", "inconclusive", "runbook", "self", "revert", "nobody"} {
		if !slices.Contains(seen, want) {
			t.Errorf("no made-up record shows %q: %s", want, strings.Join(seen, "; "))
		}
	}
}
