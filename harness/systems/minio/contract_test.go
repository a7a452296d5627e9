package minio

import (
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: probes and runbooks do what all of them have to do. Method: the contracts, on nodes in memory.
func TestContract(t *testing.T) {
	nodes := running(t)
	for _, claim := range []harness.Probe{Readable("store-1"), Writable("store-1"), root.Whole()} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), nodes, labtest.ProbeCase{Probe: claim}), "")
	}
	whole := harness.All(root.Whole())
	for _, book := range []harness.Runbook{StopRenumberStart(), StopRenumberStartOn("store-2")} {
		labtest.Expect(t, labtest.TestRunbook(t.Context(), nodes, labtest.RunbookCase{Runbook: book, Promises: whole}), "")
	}
}
