package lab

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// Goal: a node has a route of its own to each that is outside in its networks, and those outside have none to each other.
// Method: one at home, one outside, one outside of another network.
func TestRoutesOutside(t *testing.T) {
	lan, wan := harness.NewNetwork("lan", 1), harness.NewNetwork("wan", 2)
	home, away, other := lan.Node("home", "", 11, harness.System{}), lan.Node("away", "", 12, harness.System{}),
		wan.Node("other", "", 13, harness.System{})
	away.Outside, other.Outside = true, true
	lab := &Lab{topology: harness.Topology{Networks: []harness.Network{lan, wan}, Nodes: []harness.Node{home, away, other}}}
	want := []agent.Route{
		{To: netip.MustParsePrefix("fd00:210:1::12/128"), From: home.IPv6},
		{To: netip.MustParsePrefix("10.210.1.12/32"), From: home.IPv4},
	}
	if got := (&node{Node: home, lab: lab}).configuration().Routes; !slices.Equal(got, want) {
		t.Errorf("home has the routes %v, want %v", got, want)
	}
	if got := (&node{Node: away, lab: lab}).configuration().Routes; len(got) > 0 {
		t.Errorf("who is outside has the routes %v", got)
	}
}
