package harness

import (
	"fmt"
	"net/netip"
)

func validTopology() Topology {
	return Topology{
		Name:     "fake",
		Networks: []Network{{Name: "lan", IPv6: netip.MustParsePrefix("fd00:d1::/64"), IPv4: netip.MustParsePrefix("10.201.1.0/24")}},
		Nodes:    []Node{validNode(1), validNode(2)},
	}
}

func validNode(n int) Node {
	return Node{
		Name: fmt.Sprintf("nomad-%d", n), Role: "nomad-server",
		IPv6: netip.MustParseAddr(fmt.Sprintf("fd00:d1::1%d", n)), IPv4: netip.MustParseAddr(fmt.Sprintf("10.201.1.1%d", n)),
		System: System{
			Image: Image{Name: "nomad", Version: "1.11.3"}, Command: []string{"nomad", "agent"},
			Capabilities: Capabilities{"SYS_ADMIN": "a test"}, Files: []File{{Path: "/etc/nomad.d/nomad.hcl"}},
		},
	}
}
