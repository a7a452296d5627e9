package reports

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGoldenReports keeps every report of a run what it was when somebody last looked at it.
// Method: render the made-up run, compare byte by byte.
func TestGoldenReports(t *testing.T) {
	for name, format := range map[string]string{
		"index.html": "page", "summary.md": "summary", "junit.xml": "junit", "metrics.txt": "metrics", "table.txt": "table",
		"table-color.txt": "table in colour",
	} {
		t.Run(name, func(t *testing.T) { golden(t, filepath.Join("golden", name), []byte(render(t, madeUpRun(t), format))) })
	}
}

// TestMadeUpRecordsCoverTheOutcomes makes sure that the golden files show every case a reader can
// meet. Method: collect the words for verdict and recovery of all made-up records.
func TestMadeUpRecordsCoverTheOutcomes(t *testing.T) {
	var seen []string
	for _, record := range madeUp(t) {
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
