package minio

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: every node is told where all are now, also one that did not move, and the store is whole; a node that was left out keeps
// the old addresses.
// Method: move two of three nodes, carry the runbook out on one and then on all.
func TestStopRenumberStart(t *testing.T) {
	nodes := running(t)
	nodes.OnStart = nodes.tell
	nodes.renumber("store-1", "fd00:d2::71")
	nodes.renumber("store-2", "fd00:d2::72")
	labtest.Expect(t, root.Whole().Check(t.Context(), nodes), "nowhere")

	carryOut(t, StopRenumberStartOn("store-1"), nodes)
	labtest.Expect(t, root.Whole().Check(t.Context(), nodes), "nowhere")
	carryOut(t, StopRenumberStart(), nodes)
	labtest.Expect(t, root.Whole().Check(t.Context(), nodes), "")
}

func carryOut(t *testing.T, book harness.Runbook, operator harness.Operator) {
	t.Helper()
	for _, step := range book.Steps() {
		labtest.Expect(t, step.Do(t.Context(), operator), "")
	}
}

// Goal: the search for old addresses finds those that a running node has in mind, although its file was corrected.
// Method: correct the files of moved nodes without starting them again, and search.
func TestPeerTexts(t *testing.T) {
	nodes := running(t)
	nodes.renumber("store-1", "fd00:d2::71")
	for _, step := range StopRenumberStart().Steps() {
		if strings.HasPrefix(step.Name, "write") {
			labtest.Expect(t, step.Do(t.Context(), nodes), "")
		}
	}
	texts, err := root.PeerTexts().Texts(t.Context(), nodes)
	labtest.Expect(t, err, "")
	old := map[netip.Addr]bool{netip.MustParseAddr(at1): true}
	var found []string
	for key, text := range texts {
		if len(drift.FindMentions([]byte(text), old)) > 0 {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	if want := []string{"peers of store-1", "peers of store-2", "peers of store-3"}; !slices.Equal(found, want) {
		t.Errorf("the old address was found in %q, want %q", found, want)
	}
	_, err = Store{AccessKey: "somebody"}.PeerTexts().Texts(t.Context(), nodes)
	labtest.Expect(t, err, "store-1 answered 403")
}
