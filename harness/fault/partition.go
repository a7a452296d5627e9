package fault

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// Partition keeps nodes from hearing each other: the kernel of each drops what comes from an address of the
// other's. What either passes on for third parties goes on. Reverting lets everything through again. No operator may
// lift it: it is a [drill.StandingFault].
type Partition struct {
	Node string   // on one side
	From []string // on the other side
	// OneWay has only Node not hear the others: they still hear it, and it does not know that.
	OneWay bool
}

// Describe says who does not hear whom.
func (p Partition) Describe() string {
	if p.OneWay {
		return fmt.Sprintf("%s does not hear %s any more, who still hear it", p.Node, list(p.From))
	}
	return fmt.Sprintf("partition between %s and %s", p.Node, list(p.From))
}

// Inject cuts the nodes apart.
func (p Partition) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	nodeActions, err := p.nodeActions(lab)
	if err != nil {
		return nil, fmt.Errorf("plan the %s: %w", p.Describe(), err)
	}
	impact, err := lab.Apply(ctx, nodeActions)
	return &Injection{
		Struck: impact,
		Prove: forEach(p.From, func(ctx context.Context, other string) (string, error) {
			now, err := lab.Addresses(other)
			if err != nil {
				return "", err
			}
			if answersTo(ctx, lab, p.Node, now.IPv6) {
				return "", fmt.Errorf("%s still gets an answer from %s", p.Node, other)
			}
			return fmt.Sprintf("%s gets no answer from %s", p.Node, other), nil
		}),
		Lift: func(ctx context.Context) error {
			var lift []harness.NodeActions
			for _, nodeAction := range nodeActions {
				lifted := *nodeAction.Actions[0].Drop
				lifted.Lift = true
				lift = append(lift, harness.NodeActions{Node: nodeAction.Node, Actions: []harness.Action{{Drop: &lifted}}})
			}
			_, err := lab.Apply(ctx, lift)
			return err
		},
	}, err
}

// Stands tells whether all of it is still dropped: the network between machines is out of their operator's reach, but a
// runbook that flushes a node's firewall lifts it unnoticed.
func (p Partition) Stands(ctx context.Context, lab harness.Lab) error {
	nodeActions, err := p.nodeActions(lab)
	if err != nil {
		return err
	}
	for _, nodeAction := range nodeActions {
		nodeAction.Actions[0].Drop.Verify = true
	}
	_, err = lab.Apply(ctx, nodeActions)
	return err
}

func (p Partition) nodeActions(lab harness.Lab) ([]harness.NodeActions, error) {
	node, known := lab.Topology().Node(p.Node)
	if !known {
		return nil, lab.Topology().UnknownNode(p.Node)
	}
	var others []netip.Addr
	var nodeActions []harness.NodeActions
	for _, name := range p.From {
		other, known := lab.Topology().Node(name)
		if !known {
			return nil, lab.Topology().UnknownNode(name)
		}
		others = append(others, other.AllAddresses()...)
		if !p.OneWay {
			nodeActions = append(nodeActions, drop(name, node.AllAddresses()))
		}
	}
	if len(others) == 0 {
		return nil, fmt.Errorf("nobody is on the other side of %s", p.Node)
	}
	return append(nodeActions, drop(p.Node, others)), nil
}

func drop(node string, from []netip.Addr) harness.NodeActions {
	return harness.NodeActions{Node: node, Actions: []harness.Action{{Drop: &harness.Drop{From: from}}}}
}
