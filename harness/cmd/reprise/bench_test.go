//go:build bench

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: counts that measure nothing are refused in one sentence before anything is tried, and so is a part that does not exist.
// Method: run the command with them.
func TestBenchRefusesEmptyCounts(t *testing.T) {
	for _, flag := range []string{"--runs", "--faults", "--starts"} {
		var out, problems bytes.Buffer
		code := status(command(&out).Run(t.Context(), []string{"reprise", "bench", flag, "0"}), &problems)
		if code != 2 || !strings.Contains(problems.String(), "0 is not positive") || strings.Count(problems.String(), "\n") != 1 {
			t.Errorf("%s 0: status %d, %q", flag, code, problems.String())
		}
	}
	err := benchCommand(&strings.Builder{}).Run(t.Context(), []string{"bench", "--only", "nonsense"})
	testkit.Expect(t, err, "ready, faults, ledger, k3s, fingerprint, failover, ganeti or pair")
}
