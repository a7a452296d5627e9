package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: cleaning takes the folder of a run that was broken off before any drill left a record, and neither one with a record, nor
// one of a run that goes on, nor what is no run. Method: one of each.
func TestCleanTakesHalfWrittenRuns(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{
		"scenarios", "reports/out/20260120-030000-0001/ginkgo",
		"reports/out/20260120-030000-0002", "reports/out/20260120-030000-0003", "reports/out/coverage",
	} {
		testkit.Must(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	for _, file := range []string{"go.mod", "reports/out/20260120-030000-0002/rain.json"} {
		testkit.Must(t, os.WriteFile(filepath.Join(root, file), nil, 0o600))
	}
	running, err := supervise.HoldFolder(filepath.Join(root, "reports/out/20260120-030000-0003"))
	testkit.Must(t, err)
	defer running.Close()
	t.Chdir(root)
	removed, err := cleanRuns()
	if err != nil || len(removed) != 1 || filepath.Base(removed[0]) != "20260120-030000-0001" {
		t.Errorf("removed %q, %v", removed, err)
	}
}
