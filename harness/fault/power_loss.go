package fault

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// PowerLoss takes a node's links down and then kills every process: peers see silence, as when the
// plug is pulled. A node with several links is held still before they go. Reverting presses the power button.
type PowerLoss struct {
	Node string
	And  []string // further nodes, without power from the same instant
}

// Describe says which nodes.
func (p PowerLoss) Describe() string {
	return fmt.Sprintf("power loss of %s: links down first, then every process killed (page cache kept, but for disks of its own)",
		list(p.nodes()))
}

func (p PowerLoss) nodes() []string { return append([]string{p.Node}, p.And...) }

// Inject pulls the plugs.
func (p PowerLoss) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planNodes(lab, p, p.nodes()...); err != nil {
		return nil, err
	}
	silent := map[string]netip.Addr{}
	for _, node := range p.nodes() {
		address, err := lab.Addresses(node)
		if err != nil {
			return nil, err
		}
		silent[node] = address.IPv6
	}
	var nodeActions []harness.NodeActions
	for _, node := range p.nodes() {
		nodeActions = append(nodeActions, harness.NodeActions{Node: node, Actions: unplug(lab.Topology(), node)})
	}
	impact, err := lab.Apply(ctx, nodeActions)
	return &Injection{
		Struck: impact,
		Prove: forEach(p.nodes(), func(ctx context.Context, node string) (string, error) {
			if answers(ctx, lab, silent[node]) {
				return "", fmt.Errorf("%s still answers on %s", node, silent[node])
			}
			return fmt.Sprintf("seen from the observer, %s is silent", node), nil
		}),
		Lift: powerOn(lab, p.nodes()),
	}, err
}

// unplug takes a node's power. Several links go down one after the other, milliseconds apart: on a node that has
// them, everything is held still first, or a routing daemon would tell its neighbours by those that are still up.
func unplug(topology harness.Topology, name string) []harness.Action {
	actions := []harness.Action{
		{Link: &harness.Link{Up: false}},
		{Signal: &harness.Signal{Name: "KILL", All: true}},
	}
	if node, known := topology.Node(name); known && len(node.Further) > 0 {
		actions = append([]harness.Action{{Signal: &harness.Signal{Name: "STOP", All: true}}}, actions...)
	}
	return actions
}
