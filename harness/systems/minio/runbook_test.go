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
	// What the store's root user may see, nobody else does.
	_, err = Store{AccessKey: "somebody"}.PeerTexts().Texts(t.Context(), nodes)
	labtest.Expect(t, err, "store-1: answered 403 Forbidden")
}

// Goal: an old address is found in the copies of the list that are on the drives, among bytes that are no text; a drive
// without one is no error. Method: put a copy on one of three drives and search.
func TestPoolTexts(t *testing.T) {
	nodes := running(t)
	content := []byte("XL2 \x00\xa3http://[fd00:d1::71]:9000/srv\xff\x01[fd00:d1::7")
	file := harness.File{Path: "/srv/minio/.minio.sys/pool.bin/xl.meta", Data: content}
	labtest.Expect(t, nodes.WriteFile(t.Context(), "store-3", file), "")
	texts, err := PoolTexts("/srv/minio").Texts(t.Context(), nodes)
	labtest.Expect(t, err, "")
	old := map[netip.Addr]bool{netip.MustParseAddr(at1): true, netip.MustParseAddr(at2): true}
	mentions := drift.FindMentions([]byte(texts["pool of store-3"]), old)
	if len(texts) != 1 || len(mentions) != 1 || mentions[0].Text != "http://[fd00:d1::71]:9000/srv" {
		t.Errorf("in %q the mentions are %+v", texts, mentions)
	}
}
