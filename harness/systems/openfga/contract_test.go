package openfga

import (
	"context"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the ledger and the probe do what all of them have to do. Method: the contracts, at a server in memory.
func TestContract(t *testing.T) {
	server := &fakeServer{}
	machines := labtest.Serving(t, address, server)
	labtest.Expect(t, CreateComments(t.Context(), machines, site), "")
	lose := func(_ context.Context, entry int) error {
		server.mutex.Lock()
		defer server.mutex.Unlock()
		server.tuples = slices.DeleteFunc(server.tuples, func(t tuple) bool { return t.User == comment(entry).User })
		return nil
	}
	labtest.Expect(t, labtest.TestProbe(t.Context(), machines, labtest.ProbeCase{Probe: Served(site)}), "")
	labtest.Expect(t, labtest.TestLedger(t.Context(), machines, labtest.LedgerCase{Ledger: Comments(site), Lose: lose}), "")
}
