package ganeti

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
)

// NodeMoved is a node that gets another address in a network, of which nobody has told the cluster.
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
	change := harness.Readdress{From: []netip.Prefix{netip.PrefixFrom(n.From, n.To.Bits())}, To: []netip.Prefix{n.To}}
	impact, err := lab.Apply(ctx, []harness.NodeActions{{Node: n.Node, Actions: []harness.Action{{Readdress: &change}}}})
	return &fault.Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			return fmt.Sprintf("the kernel of %s answers to %s", n.Node, n.To.Addr()), probe.Holds(n.Node, n.To.Addr()).Check(ctx, lab)
		},
	}, err
}
