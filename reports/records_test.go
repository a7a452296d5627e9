package reports

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// update makes the tests write what they would compare: `go test ./reports -update`.
var update = flag.Bool("update", false, "regenerate reports/testdata/golden")

// The records in testdata/*.json are made up, with figures like those of real drills: no cluster ran for them, and their ID
// says so in every report. They are never written again, so that a change of the judge shows as a difference with what it
// once said.

// t0 is when the fault strikes in every made-up drill.
const t0 = 6*time.Second + 137*time.Millisecond

// madeUp are all made-up records, in the order in which their drills would have run, judged as they are today.
func madeUp(t *testing.T) []harness.Record {
	t.Helper()
	records, err := ReadRecords("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		records[i].Judgement = judge.Judge(records[i])
	}
	return records
}

// madeUpDrill is one of them that nobody has judged yet.
func madeUpDrill(t *testing.T, id string) harness.Record {
	t.Helper()
	record, err := ReadRecord(filepath.Join("testdata", "made-up-"+id+".json"))
	if err != nil {
		t.Fatal(err)
	}
	record.Judgement = harness.Judgement{}
	return record
}

// repeatedDrills are eight drills of one spec at different phases; the sixth misses its RTO.
func repeatedDrills(t *testing.T) []harness.Record {
	t.Helper()
	var records []harness.Record
	for i := range 8 {
		records = append(records, madeUpDrill(t, fmt.Sprintf("repeated-%d", i+1)))
	}
	return records
}

// An interval is a stretch of time after t0.
type interval struct{ from, to time.Duration }

// forever is the end of an outage that nothing ends.
const forever = 24 * time.Hour

// repeatedWith is a repeated drill in which another SLI is asked each 20 ms, and is down in the given intervals.
func repeatedWith(t *testing.T, id, sli string, downs ...interval) harness.Record {
	t.Helper()
	record := madeUpDrill(t, "repeated-1")
	watched := harness.RecordSLI{Name: sli, Steady: true, Period: 20 * time.Millisecond}
	for at := time.Duration(0); at < record.Duration; at += watched.Period {
		answer := harness.Interval{
			Up: true, From: at, To: at, Seen: at + time.Millisecond, By: at + time.Millisecond,
			After: max(0, at-watched.Period), Samples: 1,
		}
		for _, down := range downs {
			if at >= t0+down.from && at < t0+down.to {
				answer.Up, answer.Error = false, "no answer"
			}
		}
		if last := len(watched.Intervals) - 1; last >= 0 && watched.Intervals[last].Up == answer.Up {
			watched.Intervals[last].To = at
			watched.Intervals[last].Samples++
			continue
		}
		watched.Intervals = append(watched.Intervals, answer)
	}
	record.ID, record.SLIs = id, []harness.RecordSLI{watched}
	return record
}

// madeUpRun is a whole run of them, with specs that failed and that were skipped.
func madeUpRun(t *testing.T) Run {
	t.Helper()
	return Run{
		ID: "20261121-093000", Command: "make chaos SEED=20200120", Seed: 20200120,
		Started: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), Duration: 43*time.Minute + 4*time.Second,
		Records: madeUp(t),
		Skipped: []Skip{{"readonlyroot", "is seen by nobody for a minute", "this engine cannot grant SYS_ADMIN"}},
		Failures: []Failure{
			{
				Scenario: "renumbering", Title: "nothing leaves the lab",
				Message: "start the lab: make the network reprise-1: no free prefix\nsee `make doctor`",
			},
			{Record: "made-up-leader-killed", Message: "canary answers at its new address should not have been affected:\nexpected " +
				"false to be true"},
			{
				Scenario: "restore", Title: "the suite", Kind: SuiteFailed,
				Message: "it was ended by signal 9 (killed) before it wrote a report",
				Output:  "make image registry\n  layer 3 of 7\n| 43 % | <made>",
			},
			{
				Scenario: "restore", Title: "A backup is restored while the service writes", Kind: NeverRan,
				Message: "never ran to its end: its suite was ended by signal 9 (killed) before it wrote a report",
			},
		},
	}
}

// golden compares a text with testdata/<name>, or writes it there with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := writeFile(path, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs in line %d (regenerate with -update and look at the change):\n got %s\nwant %s", path, i+1, gotLines[i],
				wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d", path, len(gotLines), len(wantLines))
}
