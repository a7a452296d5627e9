package module

import (
	"os"
	"path/filepath"
	"testing"
)

// Goal: texts that name a subcommand are right where they are read: in a clone of Reprise, in a module that has the command among
// its tools, in one that has not, and outside of every module. Method: a folder of each.
func TestCommandIsThatOfTheModule(t *testing.T) {
	clone, tool, other := folders(t, "go.mod", "scenarios/flood", "harness/suite"), t.TempDir(), folders(t, "go.mod", "drills")
	text := "module example.com/acme\n\ngo 1.26\n\ntool " + CommandPath + "\n"
	if err := os.WriteFile(filepath.Join(tool, "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string][2]string{
		clone:                          {"make clean", "make clean REPORTS=1"},
		tool:                           {"go tool reprise clean", "go tool reprise clean --reports"},
		filepath.Join(other, "drills"): {"go run " + CommandPath + " clean", "go run " + CommandPath + " clean --reports"},
		t.TempDir():                    {"reprise clean", "reprise clean --reports"},
	} {
		t.Chdir(folder)
		if got := Command("clean"); got != want[0] {
			t.Errorf("at %s: %s, want %s", folder, got, want[0])
		}
		if got := Command("clean", "reports"); got != want[1] {
			t.Errorf("at %s: %s, want %s", folder, got, want[1])
		}
	}
}
