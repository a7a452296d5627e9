package harness

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// Goal: every node knows every node's name, by the addresses it can reach: its neighbours' in their common network, those of
// others in their own, and all of its own. A file of the topology's own is left alone, and who is no node gets nothing. Method:
// two networks, a node in each, a router in both.
func TestHostLines(t *testing.T) {
	address, hosts := netip.MustParseAddr, []File{{Path: "/etc/hosts"}}
	topology := Topology{
		Networks: []Network{{Name: "lan"}, {Name: "wan"}},
		Nodes: []Node{
			{Name: "web", IPv6: address("fd00:1::11"), IPv4: address("10.0.1.11")},
			{
				Name: "router", Network: "lan", IPv6: address("fd00:1::2"), IPv4: address("10.0.1.2"),
				Further: []Attachment{{Network: "wan", IPv6: address("fd00:2::2"), IPv4: address("10.0.2.2")}},
			},
			{Name: "site", Network: "wan", IPv6: address("fd00:2::11"), IPv4: address("10.0.2.11")},
			{Name: "own", System: System{Files: hosts}, IPv6: address("fd00:1::12"), IPv4: address("10.0.1.12")},
			{Name: "seed", System: System{SeedFiles: hosts}, IPv6: address("fd00:1::13"), IPv4: address("10.0.1.13")},
		},
	}
	own := []string{"fd00:1::12 own", "10.0.1.12 own", "fd00:1::13 seed", "10.0.1.13 seed"}
	for node, want := range map[string][]string{
		"web": append([]string{
			"fd00:1::11 web", "10.0.1.11 web", "fd00:1::2 router", "10.0.1.2 router", "fd00:2::11 site", "10.0.2.11 site",
		}, own...),
		"router": append([]string{
			"fd00:1::11 web", "10.0.1.11 web", "fd00:1::2 router", "10.0.1.2 router", "fd00:2::2 router", "10.0.2.2 router",
			"fd00:2::11 site", "10.0.2.11 site",
		}, own...),
		"site": append([]string{
			"fd00:1::11 web", "10.0.1.11 web", "fd00:2::2 router", "10.0.2.2 router", "fd00:2::11 site", "10.0.2.11 site",
		}, own...),
		"own": nil, "seed": nil, VantageObserver: nil,
	} {
		var got []string
		for _, line := range topology.HostLines(node) {
			got = append(got, fmt.Sprint(line.Address, " ", line.Name))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", node, got, want)
		}
	}
}
