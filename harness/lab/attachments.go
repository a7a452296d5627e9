package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// networkID is the engine's identifier of a network of the topology.
func (l *Lab) networkID(name string) string {
	at := slices.IndexFunc(l.topology.Networks, func(network harness.Network) bool { return network.Name == name || name == "" })
	return l.networks[at] // the topology was validated
}

// foothold is what the engine is told of a node's foot in a network.
func foothold(attachment harness.Attachment) *network.EndpointSettings {
	return &network.EndpointSettings{
		IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: attachment.IPv4, IPv6Address: attachment.IPv6},
	}
}

// attachFurther gives a container that was created its feet in the node's other networks. It has not started
// yet: a start finds all interfaces in place, and so does the agent's first look.
func (n *node) attachFurther(ctx context.Context, id string) error {
	for _, attachment := range n.Further {
		_, err := n.lab.engine.NetworkConnect(ctx, n.lab.networkID(attachment.Network), client.NetworkConnectOptions{
			Container: id, EndpointConfig: foothold(attachment),
		})
		if err != nil {
			return fmt.Errorf("attach %s to the network %s: %w", n.Name, attachment.Network, err)
		}
	}
	return nil
}

// configuration is how the agent is to set up the node's network.
func (n *node) configuration() agent.Configuration {
	var configuration agent.Configuration
	for _, attachment := range n.Attachments() {
		configuration.Interfaces = append(configuration.Interfaces, agent.Interface{Has: attachment.IPv6, Name: attachment.Interface})
	}
	for _, route := range n.Routes {
		configuration.Routes = append(configuration.Routes, agent.Route{To: route.To, Via: route.Via})
	}
	configuration.Routes = append(configuration.Routes, n.routesOutside()...)
	return configuration
}

// forward lets the kernel of a router pass on what is for others. What comes from a network by another
// interface than the answer would take is no mistake there.
func forward(described harness.Node, host *container.HostConfig) {
	if !described.Forwards {
		return
	}
	maps.Copy(host.Sysctls, map[string]string{
		"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1",
		"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0",
	})
}
