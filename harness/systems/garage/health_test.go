package garage

import (
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: a node's own word on its quorum is repeated as it is. Method: nodes with a quorum, without one, and not there.
func TestAvailable(t *testing.T) {
	store := running(t, true)
	store.isolate("garage-2")
	labtest.Expect(t, Available("garage-1").Check(t.Context(), store), "")
	labtest.Expect(t, Available("garage-2").Check(t.Context(), store), "garage-2: answered 503 Service Unavailable")
	labtest.Expect(t, Available("garage-9").Check(t.Context(), store), "garage-9")
}

// Goal: the store is whole only when every node is connected with every other one and there is a layout.
// Method: break one thing of a store at peace.
func TestWhole(t *testing.T) {
	labtest.Expect(t, admin.Whole().Check(t.Context(), running(t, true)), "")
	labtest.Expect(t, admin.Whole().Check(t.Context(), running(t, false)), "garage-1 finds all nodes of 0 of 0 partitions")
	store := running(t, true)
	store.isolate("garage-3")
	labtest.Expect(t, admin.Whole().Check(t.Context(), store), "garage-1 is connected with 2 of 3 nodes, itself among them")
	stranger := Store{Token: harness.Secret{Value: "another"}}
	labtest.Expect(t, stranger.Whole().Check(t.Context(), store), "garage-1: answered 403 Forbidden")
	labtest.Expect(t, admin.Whole().Check(t.Context(), labtest.New(harness.Topology{})), "the topology has no node of role garage")
}
