package module

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// folders makes folders below a new one, and an empty file in each that ends with a name of one.
func folders(t *testing.T, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range paths {
		path = filepath.Join(root, path)
		if filepath.Ext(path) == "" {
			path = filepath.Join(path, "x.go")
		}
		testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		testkit.Must(t, os.WriteFile(path, nil, 0o600))
	}
	return root
}

// Goal: the root is the module around the working directory, whatever else is in it, and a module in a module is its own.
// Method: a module with another one in it, from several folders; a folder without one.
func TestRootIsTheNearestModule(t *testing.T) {
	root := folders(t, "go.mod", "drills/incident", "inner/go.mod", "inner/drills/flood")
	for folder, want := range map[string]string{
		".": ".", "drills/incident": ".", "inner": "inner", "inner/drills/flood": "inner",
	} {
		t.Chdir(filepath.Join(root, folder))
		if got, err := Root(); err != nil || got != filepath.Join(root, want) {
			t.Errorf("from %s the root is %s, %v", folder, got, err)
		}
	}
	t.Chdir(t.TempDir())
	if got, err := Root(); err == nil || !strings.Contains(err.Error(), "there is no go.mod at ") {
		t.Errorf("outside of a module the root is %s, %v", got, err)
	}
}

// Goal: a module that uses Reprise is not taken for a clone of it, whatever its folders are called. Method: this one, one with
// a folder of scenarios, one with Reprise in its vendor folder.
func TestIsReprise(t *testing.T) {
	here, err := Root()
	testkit.Must(t, err)
	for root, want := range map[string]bool{
		here: true, folders(t, "go.mod", "scenarios/flood"): false,
		folders(t, "go.mod", "scenarios/flood", "vendor/github.com/reprise-dr/reprise/harness/suite"): false,
	} {
		if got := IsReprise(root); got != want {
			t.Errorf("%s: %v", root, got)
		}
	}
}

// Goal: what runs are called can be told from what else is in their folder. Method: a new name, and others.
func TestRunsAreKnownByTheirNames(t *testing.T) {
	for name, want := range map[string]bool{
		NewRun(time.Now()): true, "latest": false, "bench": false, "20260120": false, "20260120-030000-beef.zip": false,
	} {
		if IsRun(name) != want {
			t.Errorf("%s is a run: %v", name, !want)
		}
	}
}
