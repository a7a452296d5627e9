package fault

import (
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: who is outside stays where it is when every node moves, and moves when it is named. Method: a pair of which one is
// outside.
func TestRenumberingLeavesTheOutside(t *testing.T) {
	machines := pair(t)
	topology := machines.Topology()
	topology.Nodes[1].Outside = true
	machines = labtest.New(topology)
	into := netip.MustParsePrefix("fd00:d2::/64")
	for _, c := range []struct {
		renumbering Renumbering
		moved       string
	}{{Renumbering{Into: into}, "one"}, {Renumbering{Node: "two", Into: into}, "two"}} {
		moves, err := c.renumbering.plan(machines)
		if err != nil || len(moves) != 1 || moves[0].node != c.moved {
			t.Errorf("%s moves %+v, error %v; it should be %s alone", c.renumbering.Describe(), moves, err, c.moved)
		}
	}
}
