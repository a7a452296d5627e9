package pocketbase

import (
	"context"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: the ledger and the probe do what all of them have to do. Method: the contracts, at a blog in memory.
func TestContract(t *testing.T) {
	server := &fakeBlog{}
	machines := labtest.Serving(t, address, server)
	labtest.Expect(t, CreatePosts(t.Context(), machines, blog, admin), "")
	lose := func(_ context.Context, entry int) error {
		server.mutex.Lock()
		defer server.mutex.Unlock()
		server.posts = slices.DeleteFunc(server.posts, func(p post) bool { return p.Entry == entry })
		return nil
	}
	labtest.Expect(t, labtest.TestProbe(t.Context(), machines, labtest.ProbeCase{Probe: Served(blog)}), "")
	labtest.Expect(t, labtest.TestLedger(t.Context(), machines, labtest.LedgerCase{Ledger: Posts(blog), Lose: lose}), "")
}
