package agent_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the system's entrypoint is the program that the agent's image puts into its volume, and the
// command arrives as it is, even where it looks like flags. Method: compare recipe and entrypoint.
func TestSuperviseEntrypoint(t *testing.T) {
	image := agent.Image()
	dockerfile, err := fs.ReadFile(image.Recipe.Files, "Dockerfile")
	testkit.Must(t, err)
	command := []string{"nomad", "--", "--cgroups"}
	entrypoint := agent.SuperviseEntrypoint(harness.System{Command: command})
	if len(image.Recipe.Binaries) != 1 || !strings.Contains(string(dockerfile),
		"COPY "+image.Recipe.Binaries[0].Name+" "+entrypoint[0]+"\n") {
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

// Goal: a system that runs containers of its own, and one that is started again, say so to the supervisor before
// their command, and others do not. Method: compare entrypoints.
func TestSuperviseEntrypointOfContainers(t *testing.T) {
	command := []string{"k3s", "server"}
	for _, test := range []struct {
		system harness.System
		flags  []string
	}{
		{harness.System{}, nil},
		{harness.System{Containers: true}, []string{"--containers"}},
		{harness.System{Restart: 5 * time.Second}, []string{"--restart=5s"}},
		{harness.System{User: "www:data"}, []string{"--user=www:data"}},
		{
			harness.System{Cgroups: true, Containers: true, Restart: 1500 * time.Millisecond},
			[]string{"--cgroups", "--containers", "--restart=1.5s"},
		},
	} {
		test.system.Command = command
		entrypoint := agent.SuperviseEntrypoint(test.system)
		if want := slices.Concat([]string{entrypoint[0], "supervise"}, test.flags, []string{"--"}, command); !slices.Equal(entrypoint,
			want) {
			t.Errorf("the entrypoint is %q, want %q", entrypoint, want)
		}
	}
}

// Goal: the trial of an engine is the program of the agent's image, with the folder to try. Method: compare with
// the supervisor's entrypoint.
func TestTrialEntrypoint(t *testing.T) {
	disks := agent.DisksTrialEntrypoint("/disk")
	if want := []string{disks[0], "trial", "--disks", "/disk"}; !slices.Equal(disks, want) {
		t.Errorf("for disks the entrypoint is %q, want %q", disks, want)
	}
	if got, want := agent.TrialEntrypoint("/disk"), []string{
		agent.SuperviseEntrypoint(harness.System{})[0], "trial",
		"/disk",
	}; !slices.Equal(got, want) {
		t.Errorf("the entrypoint is %q, want %q", got, want)
	}
}
