package lab

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// routesOutside are the node's to the addresses of those of its networks that are outside. They have no next hop, and so stay
// when the node's own prefix is taken away.
func (n *node) routesOutside() []agent.Route {
	if n.Outside || n.lab == nil {
		return nil
	}
	var routes []agent.Route
	for _, other := range n.lab.topology.Nodes {
		if !other.Outside {
			continue
		}
		away, _ := n.lab.topology.Network(other.Network)
		for _, foot := range n.Attachments() {
			if near, _ := n.lab.topology.Network(foot.Network); near.Name == away.Name {
				routes = append(routes,
					agent.Route{To: netip.PrefixFrom(other.IPv6, other.IPv6.BitLen()), From: foot.IPv6},
					agent.Route{To: netip.PrefixFrom(other.IPv4, other.IPv4.BitLen()), From: foot.IPv4})
			}
		}
	}
	return routes
}

// routeFromOutside gives every node that is outside a route to prefixes that others of its network are about to move into.
func (l *Lab) routeFromOutside(ctx context.Context, prefixes []netip.Prefix) error {
	for _, outside := range l.topology.Nodes {
		if !outside.Outside {
			continue
		}
		configuration := agent.Configuration{KeepNames: true}
		for _, prefix := range prefixes {
			configuration.Routes = append(configuration.Routes, agent.Route{To: prefix, From: addressOf(outside, prefix)})
		}
		if err := l.nodes[outside.Name].agent.Configure(ctx, configuration); err != nil {
			return fmt.Errorf("give %s a route to %v: %w", outside.Name, prefixes, err)
		}
	}
	return nil
}

// addressOf is the node's address of a prefix's family.
func addressOf(node harness.Node, prefix netip.Prefix) netip.Addr {
	if prefix.Addr().Is4() {
		return node.IPv4
	}
	return node.IPv6
}
