//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
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
		testkit.Expect(t, run(t.Context(), test.arguments), test.want)
	}
}
