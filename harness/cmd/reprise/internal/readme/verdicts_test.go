package readme

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/selftest/verdicts"
	"github.com/reprise-dr/reprise/reports"
)

// aVerdict is the record of a drill whose outcome is known.
func aVerdict(kind, family, finding string) harness.Record {
	record := aRecord()
	record.Scenario, record.Seed, record.Findings = verdicts.Scenario, 42, []string{"it rains", finding}
	record.Labels = []string{verdicts.Scenario, kind, family}
	return record
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
			testkit.Must(t, reports.WriteRecord(filepath.Join(module.RunsFolder(root), run), record))
		}
	}
	leave("20260101", verdicts.Drills, aVerdict("sound", "an older one", verdicts.Right))
	leave("20260102", verdicts.Drills, aVerdict("broken", "the newest whole one", verdicts.Right))
	leave("20260103", 3, aVerdict("sound", "a part", verdicts.Wrong))
	leave("20260104", 1, aRecord())
	testkit.Must(t, os.MkdirAll(filepath.Join(module.RunsFolder(root), "bench"), 0o755))
	testkit.Must(t, os.WriteFile(filepath.Join(module.RunsFolder(root), "bench", "x.json"), []byte("{}"), 0o600))
	table, err := verdictsTable(root)
	testkit.Must(t, err)
	testkit.Contains(t, "it", table,
		"| broken | the newest whole one | 50 | 50 | 0 | 0 |",
		"50 broken on purpose in 1 ways: 0 judged wrong", "Seed 42", "2 processors")
	if run, _, err := newestVerdicts(root, 1); err != nil || run != "20260103" {
		t.Errorf("the newest run at all is %q, %v", run, err)
	}
}
