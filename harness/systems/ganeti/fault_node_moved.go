package ganeti

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
)

// NodeMoved is a node that gets another address in a network, of which nobody has told the cluster. Reverting gives it the old
// one again, unless it is elsewhere by then.
type NodeMoved struct {
	Node string
	From netip.Addr
	To   netip.Prefix // the address, with its network's prefix length
}

// Describe says which address of whom.
func (n NodeMoved) Describe() string {
	return fmt.Sprintf("%s moves from %s to %s", n.Node, n.From, n.To.Addr())
}

// Inject changes the node's IPv4 address.
func (n NodeMoved) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if _, known := lab.Topology().Node(n.Node); !known {
		return nil, fmt.Errorf("plan the fault: %s: %w", n.Describe(), lab.Topology().UnknownNode(n.Node))
	}
	old := netip.PrefixFrom(n.From, n.To.Bits())
	impact, err := n.move(ctx, lab, old, n.To)
	return &fault.Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			return fmt.Sprintf("the kernel of %s answers to %s", n.Node, n.To.Addr()), probe.Holds(n.Node, n.To.Addr()).Check(ctx, lab)
		},
		Lift: func(ctx context.Context) error {
			if probe.Leaves(n.Node, n.To.Addr()).Check(ctx, lab) == nil {
				return nil // it was lifted before
			}
			_, err := n.move(ctx, lab, n.To, old)
			return err
		},
	}, err
}

// move gives the node one address in the place of another.
func (n NodeMoved) move(ctx context.Context, lab harness.Lab, from, to netip.Prefix) (harness.Impact, error) {
	change := harness.Readdress{From: []netip.Prefix{from}, To: []netip.Prefix{to}}
	return lab.Apply(ctx, []harness.NodeActions{{Node: n.Node, Actions: []harness.Action{{Readdress: &change}}}})
}
