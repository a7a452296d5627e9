package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/reports"
)

// aVerdict is the record of a drill whose outcome is known.
func aVerdict(kind, family, finding string) harness.Record {
	record := aRecord()
	record.Scenario, record.Seed, record.Findings = verdictsScenario, 42, []string{"it rains", finding}
	record.Labels = []string{verdictsScenario, kind, family}
	return record
}

// Goal: each drill is counted once, by what its record says became of it, and what is no drill of a
// known outcome is not counted.
// Method: one record of every kind, and two that do not belong.
func TestCountVerdicts(t *testing.T) {
	stranger := aVerdict("sound", "a", foundWrong)
	stranger.Scenario = "flood"
	counted := countVerdicts([]harness.Record{
		aVerdict("sound", "b", foundRight), aVerdict("broken", "a", foundRight),
		aVerdict("broken", "a", foundWrong+": the verdict is met"),
		aVerdict("broken", "c", foundNothing+", the machine was busy"), aVerdict("broken", "c", "nothing of the kind"),
		aVerdict("neither", "a", foundWrong), stranger,
	})
	want := verdictCount{
		{name: "b", drills: 1, right: 1},
		{name: "a", broken: true, drills: 2, right: 1, wrong: 1},
		{name: "c", broken: true, drills: 2, inconclusive: 1, unknown: 1},
	}
	if fmt.Sprint(counted) != fmt.Sprint(want) {
		t.Errorf("counted %+v, want %+v", counted, want)
	}
	const sentence = "5 drills with a known outcome, 4 broken on purpose in 2 ways: 1 judged wrong, 1 inconclusive for the " +
		"machine's sake, 1 ended before they could be judged"
	if counted.sentence() != sentence {
		t.Errorf("it says %q", counted.sentence())
	}
}

// Goal: a false verdict fails the run, and so does a drill that left nothing; a busy machine does not.
// Method: runs of each kind, whole ones and chosen ones.
func TestVerdictCountFails(t *testing.T) {
	cases := map[string]struct {
		findings []string
		whole    bool
		lost     int // chosen drills that left no record
		want     string
	}{
		"all right":     {[]string{foundRight}, false, 0, ""},
		"one wrong":     {[]string{foundRight, foundWrong}, false, 0, "1 of 2 verdicts are wrong"},
		"one broke off": {[]string{foundRight, "nothing"}, false, 0, "1 ended before"},
		"one busy":      {[]string{foundRight, foundNothing}, false, 0, ""},
		"too few":       {[]string{foundRight}, true, 0, "a whole run has 50"},
		"one lost":      {[]string{foundRight}, false, 1, "1 left a record: 2 were chosen"},
		"none chosen":   {nil, false, 0, "none was chosen"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var records []harness.Record
			for _, finding := range c.findings {
				records = append(records, aVerdict("sound", "a", finding))
			}
			err := countVerdicts(records).verdict(c.whole, len(c.findings)+c.lost)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Goal: the README's table is that of the newest whole run, whatever other runs there are.
// Method: a folder with two whole runs, a newer partial one, one of other drills and one of something else.
func TestVerdictsTableTakesTheNewestWholeRun(t *testing.T) {
	root := t.TempDir()
	if _, err := verdictsTable(root); err == nil {
		t.Error("a table was made of nothing")
	}
	leave := func(run string, drills int, record harness.Record) {
		for i := range drills {
			record.ID = fmt.Sprint(i)
			if err := reports.WriteRecord(filepath.Join(runsFolder(root), run), record); err != nil {
				t.Fatal(err)
			}
		}
	}
	leave("20260101", knownDrills, aVerdict("sound", "an older one", foundRight))
	leave("20260102", knownDrills, aVerdict("broken", "the newest whole one", foundRight))
	leave("20260103", 3, aVerdict("sound", "a part", foundWrong))
	leave("20260104", 1, aRecord())
	if err := os.MkdirAll(filepath.Join(runsFolder(root), "bench"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(runsFolder(root), "bench", "x.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := verdictsTable(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| broken | the newest whole one | 50 | 50 | 0 | 0 |",
		"50 broken on purpose in 1 ways: 0 judged wrong", "Seed 42", "2 processors",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("it lacks %q:\n%s", want, table)
		}
	}
	if run, _, err := newestVerdicts(root, 1); err != nil || run != "20260103" {
		t.Errorf("the newest run at all is %q, %v", run, err)
	}
}
