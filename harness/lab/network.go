package lab

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// createNetworks creates the topology's networks.
func (l *Lab) createNetworks(ctx context.Context) error {
	for _, described := range l.topology.Networks {
		id, err := l.engine.CreateBridge(ctx, l.nameOf(described.Name), l.labels(""), engine.Routed(l.topology), described.IPv6,
			described.IPv4)
		if err != nil {
			return explainNetwork(described, err)
		}
		l.networks = append(l.networks, id)
		l.prefixes = append(l.prefixes, described.IPv6.Masked(), described.IPv4.Masked())
	}
	return nil
}

func explainNetwork(described harness.Network, err error) error {
	taken := func(says string) bool { return strings.Contains(err.Error(), says) }
	if taken("overlaps") || taken("already used") { // as Docker says, and Podman
		return fmt.Errorf("create network %s: another network on this engine has %s or %s: wait for the other run to end, or "+
			"remove its leftovers with `%s`: %w",
			described.Name, described.IPv6, described.IPv4, module.Command("clean"), err)
	}
	return fmt.Errorf("create network %s: %w", described.Name, err)
}

func (l *Lab) removeNetwork(ctx context.Context, id string) error {
	_, err := l.engine.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove network %s: %w", id, err)
	}
	return nil
}

// observerNode is the clients' vantage point: a node without a system, with a foot in every network and
// the last addresses of each.
func (l *Lab) observerNode() harness.Node {
	observer := harness.Node{Name: harness.VantageObserver, Role: harness.VantageObserver}
	for i, network := range l.topology.Networks {
		foot := harness.Attachment{
			Network: network.Name, IPv6: harness.ObserverAddress(network.IPv6),
			IPv4: harness.ObserverAddress(network.IPv4),
		}
		if i == 0 {
			observer.Network, observer.IPv6, observer.IPv4 = foot.Network, foot.IPv6, foot.IPv4
			continue
		}
		observer.Further = append(observer.Further, foot)
	}
	return observer
}

// longestTopology is how much of a topology's name those of its parts have: two names of 63 characters would be more than a
// host's or a file's name can be on every engine.
const longestTopology = 32

// nameOf is what the engine, and a person who lists what it has, knows a node or a network of the lab by. Nothing is found by it:
// see labels.
func (l *Lab) nameOf(part string) string {
	topology := l.topology.Name[:min(len(l.topology.Name), longestTopology)]
	return fmt.Sprintf("reprise-%s-%s-%s", topology, part, l.ID)
}

// labels mark what the lab creates, so that it can be told from everything else on the engine.
func (l *Lab) labels(node string) map[string]string {
	labels := map[string]string{engine.LabelLab: l.ID, engine.LabelRun: l.options.Run}
	if node != "" {
		labels[engine.LabelNode] = node
	}
	return labels
}
