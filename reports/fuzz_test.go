package reports

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Goal: whatever a file holds, reading it as a record ends with a record or an error, and every record can be judged and
// reported. Method: the golden records, changed at random.
func FuzzRecord(f *testing.F) {
	files, err := filepath.Glob("testdata/made-up-*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("found %d records, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		record, err := parseRecord(text)
		if err != nil {
			return
		}
		judged := record
		judged.Judgement = judge.Judge(record)
		for _, one := range []harness.Record{record, judged} {
			run := Run{ID: "fuzz", Records: []harness.Record{one, one}}
			for _, write := range []func(io.Writer, Run) error{Page, JUnit, Summary} {
				if err := write(io.Discard, run); err != nil {
					t.Errorf("a report cannot be written: %v", err)
				}
			}
			if err := OpenMetrics(io.Discard, run.Records); err != nil {
				t.Errorf("the metrics cannot be written: %v", err)
			}
			Table(io.Discard, run, true)
		}
	})
}
