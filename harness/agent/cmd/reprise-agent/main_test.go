//go:build linux

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// Goal: the program understands the entrypoints that it is started with in containers, and says what is missing in
// those that make no sense. Method: run it with each; none gets as far as doing anything.
func TestEntrypoints(t *testing.T) {
	supervised := agent.SuperviseEntrypoint(harness.System{Cgroups: true, Containers: true, Restart: 1500 * time.Millisecond})[1:]
	trial := agent.TrialEntrypoint("/disk")[1:]
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{supervised, "supervise needs the command of the main process"},
		{[]string{"supervise", "--no-such-flag"}, "no-such-flag"},
		{[]string{"supervise", "--restart=5"}, "restart"},
		{trial[:1], "trial needs a folder on a volume"},
		{agent.DisksTrialEntrypoint("/no/such/folder")[1:], "/no/such/folder"},
		{append(trial, "/another"), "trial needs a folder on a volume"},
		{[]string{"nonsense"}, `"nonsense" is none of agent, supervise, trial, canary, cuts and ask`},
	} {
		if err := run(t.Context(), test.arguments); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.arguments, err, test.want)
		}
	}
}
