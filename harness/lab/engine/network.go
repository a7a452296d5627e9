package engine

import (
	"context"
	"net/netip"
	"slices"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
)

// Routed tells whether nodes of the topology pass on packets between its networks.
func Routed(topology harness.Topology) bool {
	return slices.ContainsFunc(topology.Nodes, func(node harness.Node) bool { return node.Forwards })
}

// CreateBridge creates a network of a lab, see [Routed], and returns its id.
//
// What keeps packets inside a lab is that no node has a default route (its agent removes it first thing), and never the engine.
// Where iptables sees what only crosses a bridge, Docker's rules for internal networks eat multicast and routed packets; Podman
// has none for those, and for others such as give routed packets the bridge's address for a source.
func (e *Engine) CreateBridge(
	ctx context.Context, name string, labels map[string]string, routed bool, prefixes ...netip.Prefix,
) (id string, err error) {
	ipv6 := true
	ipam := &network.IPAM{}
	for _, prefix := range prefixes {
		ipam.Config = append(ipam.Config, network.IPAMConfig{Subnet: prefix.Masked()})
	}
	created, err := e.NetworkCreate(ctx, name, client.NetworkCreateOptions{
		Driver: "bridge", EnableIPv6: &ipv6, Internal: routed && e.Podman(), Labels: labels, IPAM: ipam,
	})
	return created.ID, err
}
