package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// Goal: cleaning takes the folder of a run that was broken off before any drill left a record, and neither one with a record nor
// one of a run that goes on. Method: one of each.
func TestCleanTakesHalfWrittenRuns(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"scenarios", "reports/out/empty/ginkgo", "reports/out/told", "reports/out/running"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "reports/out/told/rain.json"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running, err := supervise.HoldFolder(filepath.Join(root, "reports/out/running"))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	t.Chdir(root)
	removed, err := cleanRuns()
	if err != nil || len(removed) != 1 || filepath.Base(removed[0]) != "empty" {
		t.Errorf("removed %q, %v", removed, err)
	}
}
