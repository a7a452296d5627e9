package main

import (
	"encoding/json"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/reports"
)

// aRecord is one that a drill might leave.
func aRecord() harness.Record {
	return harness.Record{
		Schema: harness.RecordSchema, ID: "rain", Scenario: "flood", Title: "Rain falls",
		Started: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC), Versions: map[string]string{"nomad": "1.11.3"},
		Engine:    map[string]string{"processors": "2", "memory": "8192 MiB", "kernel": "6.1", "engine": "20.10.24"},
		Judgement: harness.Judgement{Verdict: harness.Met, Outages: []harness.Outage{{SLI: "dry", Lost: time.Second, Back: 2 * time.Second, Returned: true}}},
	}
}

// aSection is the drills' one, of records that a test gives.
var aSection = section{name: "drills"}

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
	if err := os.WriteFile(path, []byte("above\n"+aSection.begin()+"\nold\n"+aSection.end()+"\nbelow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var first string
	for range 2 {
		if err := writeDrills(path, []harness.Record{aRecord()}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Errorf("the second time differs:\n%s", text)
		}
	}
	for _, want := range []string{"above\n" + aSection.begin() + "\n| ", "| flood | Rain falls |", "nomad 1.11.3; 2 processors", aSection.end() + "\nbelow\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("the file lacks %q:\n%s", want, first)
		}
	}
	if strings.Contains(first, "| SLI |") {
		t.Errorf("the tables of single drills are there too:\n%s", first)
	}
	if strings.Contains(first, "old") {
		t.Errorf("the old table is still there:\n%s", first)
	}
}

// Goal: neither a run without drills nor a README without the section is taken for a success.
// Method: both are tried; the file must stay as it was.
func TestWriteDrillsRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	for _, test := range []struct {
		text    string
		records []harness.Record
		want    string
	}{
		{aSection.begin() + "\n" + aSection.end() + "\n", nil, "the run has no record"},
		{"no section\n", []harness.Record{aRecord()}, "it lacks the line"},
		{aSection.begin() + "\nno end\n", []harness.Record{aRecord()}, "it lacks the line"},
	} {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := writeDrills(path, test.records); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: the error is %v, want %q", test.text, err, test.want)
		}
		if text, _ := os.ReadFile(path); string(text) != test.text {
			t.Errorf("the file was changed to %q", text)
		}
	}
}

// Goal: the sections are in this repository's README. Method: they are looked for.
func TestReadmeHasItsSections(t *testing.T) {
	text, _ := readme(t)
	for _, name := range []string{"drills", "calibration", "verdicts", "controls", "ledger"} {
		section := section{name: name}
		if !strings.Contains(text, section.begin()+"\n") || !strings.Contains(text, "\n"+section.end()+"\n") {
			t.Errorf("README.md lacks %q or %q", section.begin(), section.end())
		}
	}
}

// Goal: the table of drills is of the newest run of drills, not of a control arm or of the harness's own
// proofs. Method: runs of all kinds, the story not the newest.
func TestDrillsOfTheNewestStory(t *testing.T) {
	root := t.TempDir()
	for run, change := range map[string]func(*harness.Record){
		"20260101-000000-a": func(r *harness.Record) { r.Title = "An older story" },
		"20260102-000000-b": func(*harness.Record) {},
		"20260103-000000-c": func(r *harness.Record) { r.Labels = []string{"flood", controlLabel} },
		"20260104-000000-d": func(r *harness.Record) { r.Scenario = verdictsScenario },
	} {
		record := aRecord()
		change(&record)
		if err := reports.WriteRecord(filepath.Join(runsFolder(root), run), record); err != nil {
			t.Fatal(err)
		}
	}
	table, err := drillsOf(root, "")
	if err != nil || !strings.Contains(table, "Rain falls") {
		t.Errorf("%v:\n%s", err, table)
	}
	if _, err := drillsOf(t.TempDir(), ""); err == nil {
		t.Error("a table of no run at all")
	}
}

// readme is the text of this repository's README, and where the repository is.
func readme(t *testing.T) (text, root string) {
	t.Helper()
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content), root
}

// Goal: the scenario in the README is one. Method: it is compiled as if it stood in the folder it
// talks about.
func TestReadmeExampleCompiles(t *testing.T) {
	text, root := readme(t)
	_, rest, found := strings.Cut(text, "```go\n")
	example, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("README.md has no Go example")
	}
	folder := t.TempDir()
	source, overlay := filepath.Join(folder, "example.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(root, "scenarios", "ourincident", "example.go"): source},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(source, []byte(example), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "./scenarios/ourincident")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, output)
	}
	formatted, err := format.Source([]byte(example))
	if err != nil || string(formatted) != example {
		t.Errorf("the example is not formatted as gofmt would (%v)", err)
	}
}

// Goal: the README and the guide name no target that the Makefile lacks. Method: every word after
// "make" is looked up.
func TestReadmeNamesTargetsThatExist(t *testing.T) {
	text, root := readme(t)
	guide, err := os.ReadFile(filepath.Join(root, ".github", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?m)(?:^|`|&& )make ([a-z]+)").FindAllStringSubmatch(text+string(guide), -1)
	if len(named) < 5 {
		t.Fatalf("only %d targets are named: is this still how they are written?", len(named))
	}
	for _, target := range named {
		if !strings.Contains(string(makefile), "\n"+target[1]+":") {
			t.Errorf("the Makefile has no target %q", target[1])
		}
	}
}
