package minio

import (
	"context"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: a node's own word on its quorums is repeated as it is. Method: nodes with a quorum, without one, and not running.
func TestQuorums(t *testing.T) {
	nodes := running(t)
	nodes.told["store-2"] = nil
	for _, c := range []struct {
		claim harness.Probe
		want  string
	}{
		{Readable("store-1"), ""},
		{Writable("store-1"), ""},
		{Readable("store-2"), "store-2: answered 503 Service Unavailable"},
		{Writable("store-2"), "store-2: answered 503 Service Unavailable"},
		{Writable("store-9"), "store-9"},
	} {
		labtest.Expect(t, c.claim.Check(t.Context(), nodes), c.want)
	}
}

// Goal: the store is whole only when every node sees every node where it is now, with a good drive.
// Method: break one thing of a store at peace.
func TestWhole(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(*store)
		want   string
	}{
		"at peace": {func(*store) {}, ""},
		"one has moved": {
			func(s *store) { s.renumber("store-2", "fd00:d2::72") }, "sees store-2 nowhere: it knows nobody at fd00:d2::72",
		},
		"one is away":      {func(s *store) { s.says[at3] = "offline" }, "sees store-3 offline at fd00:d1::73"},
		"a drive is away":  {func(s *store) { s.drive[at1] = "offline" }, "sees store-1 with a drive that is offline"},
		"no drive":         {func(s *store) { s.drive[at1] = "none" }, "sees store-1 without a drive"},
		"one knows nobody": {func(s *store) { s.told["store-3"] = []string{} }, "store-3 sees store-1 nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			nodes := running(t)
			c.breaks(nodes)
			labtest.Expect(t, root.Whole().Check(t.Context(), nodes), c.want)
		})
	}
	labtest.Expect(t, Store{AccessKey: "somebody"}.Whole().Check(t.Context(), running(t)), "answered 403")
	labtest.Expect(t, root.Whole().Check(t.Context(), labtest.New(harness.Topology{})), "the topology has no node of role minio")
}

// Goal: who waits for the store is told when it is whole, and at once when a node of it has ended.
// Method: wait for one that becomes whole, and for one whose node has ended.
func TestWaitWhole(t *testing.T) {
	nodes := running(t)
	nodes.says[at2] = "offline"
	go func() {
		time.Sleep(300 * time.Millisecond)
		nodes.mutex.Lock()
		defer nodes.mutex.Unlock()
		nodes.says[at2] = ""
	}()
	labtest.Expect(t, root.WaitWhole(t.Context(), nodes), "")

	nodes.says[at2] = "offline"
	nodes.End("store-2", 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	labtest.Expect(t, root.WaitWhole(ctx, nodes), "store-2: its system has ended with exit code 1")
}
