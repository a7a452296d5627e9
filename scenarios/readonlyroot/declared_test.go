package readonlyroot

import (
	"testing"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// Goal: no milestone hangs on which side of a declared step a second fell. What a step declares counts for all that comes
// back after its beginning, so that rebuild waits before each runbook until the drill has seen what the one before
// promised: within a runbook nobody can. Method: look for declared time after the first step of each.
func TestDeclaredTimeComesFirst(t *testing.T) {
	for _, runbook := range []harness.Runbook{replacement(fixtures.ServerSite), handover(), &audit{}} {
		for i, step := range runbook.Steps() {
			if i > 0 && step.Declared > 0 {
				t.Errorf("%q declares %v in its step %d, %q: make that the first step of a runbook of its own", runbook.Name(),
					step.Declared, i+1, step.Name)
			}
		}
	}
}
