package agent_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// Goal: the system's entrypoint is the program that the agent's image puts into its volume, and the
// command arrives as it is, even where it looks like flags. Method: compare recipe and entrypoint.
func TestSuperviseEntrypoint(t *testing.T) {
	image := agent.Image()
	dockerfile, err := fs.ReadFile(image.Recipe.Files, "Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	command := []string{"nomad", "--", "--cgroups"}
	entrypoint := agent.SuperviseEntrypoint(harness.System{Command: command})
	if len(image.Recipe.Binaries) != 1 || !strings.Contains(string(dockerfile), "COPY "+image.Recipe.Binaries[0].Name+" "+entrypoint[0]+"\n") {
		t.Errorf("%s is not in the image:\n%s", entrypoint[0], dockerfile)
	}
	if want := append([]string{entrypoint[0], "supervise", "--"}, command...); !slices.Equal(entrypoint, want) {
		t.Errorf("the entrypoint is %q, want %q", entrypoint, want)
	}
	cgroups := agent.SuperviseEntrypoint(harness.System{Command: command, Cgroups: true})
	if want := append([]string{entrypoint[0], "supervise", "--cgroups", "--"}, command...); !slices.Equal(cgroups, want) {
		t.Errorf("with cgroups the entrypoint is %q, want %q", cgroups, want)
	}
}
