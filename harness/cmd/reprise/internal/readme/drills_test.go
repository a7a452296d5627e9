package readme

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// aRecord is one that a drill might leave.
func aRecord() harness.Record {
	return harness.Record{
		Schema: harness.RecordSchema, ID: "rain", Scenario: "flood", Title: "Rain falls",
		Started: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC), Versions: map[string]string{"nomad": "1.11.3"},
		Engine: map[string]string{"processors": "2", "memory": "8192 MiB", "kernel": "6.1", "engine": "20.10.24"},
		Judgement: harness.Judgement{
			Verdict: harness.Met,
			Outages: []harness.Outage{{SLI: "dry", Lost: time.Second, Back: 2 * time.Second, Returned: true}},
		},
	}
}

// aSection is one of drills, of records that a test gives.
var aSection = section{name: "drills of flood"}

// writeDrills writes the section as the command does.
func writeDrills(path string, records []harness.Record) error {
	table, err := drillsTable(records)
	if err != nil {
		return err
	}
	return aSection.write(path, table)
}

// Goal: the table replaces what stood between the two lines, twice as well as once, and touches
// nothing else. Method: a small README is written twice and compared.
func TestWriteDrillsReplacesOnlyItsSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	testkit.Must(t, os.WriteFile(path, []byte("above\n"+aSection.begin()+"\nold\n"+aSection.end()+"\nbelow\n"), 0o600))
	var first string
	for range 2 {
		testkit.Must(t, writeDrills(path, []harness.Record{aRecord()}))
		text, err := os.ReadFile(path)
		testkit.Must(t, err)
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Errorf("the second time differs:\n%s", text)
		}
	}
	testkit.Contains(t, "the file", first,
		"above\n"+aSection.begin()+"\n| ", "| flood | Rain falls |", "nomad 1.11.3; 2 processors",
		aSection.end()+"\nbelow\n")
	if strings.Contains(first, "| SLI |") {
		t.Errorf("the tables of single drills are there too:\n%s", first)
	}
	if strings.Contains(first, "old") {
		t.Errorf("the old table is still there:\n%s", first)
	}
}

// Goal: a README without the section is not taken for a success. Method: the file must stay as it was.
func TestWriteDrillsRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	for _, text := range []string{"no section\n", aSection.begin() + "\nno end\n"} {
		testkit.Must(t, os.WriteFile(path, []byte(text), 0o600))
		testkit.Expect(t, writeDrills(path, []harness.Record{aRecord()}), "it lacks the line")
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("the file was changed to %q", now)
		}
	}
}

// Goal: of each scenario the run with the most specs is shown, the newest of those, and neither a control arm
// nor a repeated run in its place. Method: runs are left in turn, and after each it is read which ones show.
func TestDrillsByScenario(t *testing.T) {
	root := t.TempDir()
	if stories, err := drillsByScenario(root, ""); err != nil || len(stories) != 0 {
		t.Errorf("of no run: %v, %v", stories, err)
	}
	const flood, drought = "flood", "drought"
	for _, step := range []struct {
		run, scenario  string
		titles, labels []string
		want           map[string]string // the run that shows, by scenario
	}{
		{"20260101", flood, []string{"a"}, nil, map[string]string{flood: "20260101"}},
		{"20260102", flood, []string{"a", "b"}, nil, map[string]string{flood: "20260102"}},
		{"20260103", flood, []string{"b", "a"}, nil, map[string]string{flood: "20260103"}},
		{"20260104", flood, []string{"a"}, nil, map[string]string{flood: "20260103"}}, // a part
		// more drills, of fewer specs
		{"20260105", flood, []string{"a", "a", "a"}, nil, map[string]string{flood: "20260103"}},
		{"20260106", flood, []string{"a", "b", "a", "b"}, nil, map[string]string{flood: "20260103"}}, // repeated
		// control arms
		{"20260107", flood, []string{"a", "b", "c"}, []string{contract.ControlLabel}, map[string]string{flood: "20260103"}},
		// of another scenario
		{"20260108", drought, []string{"a"}, nil, map[string]string{flood: "20260103", drought: "20260108"}},
		{"20260109", flood, []string{"a", "b", "c"}, nil, map[string]string{flood: "20260109", drought: "20260108"}}, // a new spec
	} {
		for i, title := range step.titles {
			record := aRecord()
			record.ID, record.Scenario, record.Title, record.Labels = fmt.Sprint(i), step.scenario, title, step.labels
			record.Repeat = step.run // by which it is known again
			leave(t, root, step.run, record)
		}
		stories, err := drillsByScenario(root, "")
		testkit.Must(t, err)
		got := map[string]string{}
		for scenario, drills := range stories {
			got[scenario] = drills[0].Repeat
		}
		if !maps.Equal(got, step.want) {
			t.Errorf("after run %s the runs %v are shown, not %v", step.run, got, step.want)
		}
	}
	if stories, err := drillsByScenario(root, "20260102"); err != nil || len(stories) != 1 || len(stories[flood]) != 2 {
		t.Errorf("of a named run: %v, %v", stories, err)
	}
}

// Goal: what cannot be read is passed over among all runs, and refused when it is named. Method: a record of
// another version.
func TestDrillsOfAnotherVersion(t *testing.T) {
	root := t.TempDir()
	leave(t, root, "20260101", aRecord())
	strange := filepath.Join(module.RunsFolder(root), "20260102", "rain.json")
	testkit.Must(t, errors.Join(os.MkdirAll(filepath.Dir(strange), 0o755), os.WriteFile(strange, []byte(`{"schema":"another"}`),
		0o600)))
	if stories, err := drillsByScenario(root, ""); err != nil || len(stories["flood"]) != 1 {
		t.Errorf("%v, %v", stories, err)
	}
	if _, err := drillsByScenario(root, "20260102"); err == nil {
		t.Error("a named run was passed over")
	}
}

// Goal: a repeated run has one row for each spec, and tells how the others ended. Method: two passes of a drill, of which
// the first was not as claimed.
func TestDrillsTableOfARepeatedRun(t *testing.T) {
	first, second := aRecord(), aRecord()
	second.Started = first.Started.Add(time.Hour)
	first.Judgement.AsClaimed, second.Judgement.AsClaimed = false, true
	table, err := drillsTable([]harness.Record{first, second})
	if err != nil || strings.Count(table, "| "+first.Title+" |") != 1 || !strings.Contains(table, "of all 2, 1 were as claimed.\n") {
		t.Errorf("%v:\n%s", err, table)
	}
}
