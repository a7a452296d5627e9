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
// What keeps packets inside a lab is that no node has a default route (its agent removes it first thing), that the agent keeps
// what a node sends from the engine's machine ([agent.Client.Isolate]), and that the engine gives nothing from a lab an address
// of its own: Docker does not masquerade, and its machine has no IPv4 address there, so that no answer would find back. Docker's
// own internal networks will not do: where iptables sees what only crosses a bridge, their rules eat multicast and routed
// packets; Podman has none for those, and for others such as give routed packets the bridge's address for a source. See
// harness/adr/0027-bounds-of-a-lab.md.
func (e *Engine) CreateBridge(
	ctx context.Context, name string, labels map[string]string, routed bool, prefixes ...netip.Prefix,
) (id string, err error) {
	ipv6 := true
	ipam := &network.IPAM{}
	for _, prefix := range prefixes {
		ipam.Config = append(ipam.Config, network.IPAMConfig{Subnet: prefix.Masked(), Gateway: harness.GatewayAddress(prefix)})
	}
	var options map[string]string
	if !e.Podman() {
		options = map[string]string{
			"com.docker.network.bridge.enable_ip_masquerade": "false",
			"com.docker.network.bridge.inhibit_ipv4":         "true",
		}
	}
	created, err := e.NetworkCreate(ctx, name, client.NetworkCreateOptions{
		Driver: "bridge", EnableIPv6: &ipv6, Internal: routed && e.Podman(), Labels: labels, IPAM: ipam,
		Options: options,
	})
	return created.ID, err
}
