package fault

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// NodeLoss kills every process of a node at once. The node's network goes on: its kernel resets the
// connections, so that peers know at once. Reverting presses the power button.
type NodeLoss struct {
	Node string
	And  []string // further nodes, lost at the same instant
}

// Describe says which nodes.
func (n NodeLoss) Describe() string {
	return fmt.Sprintf("loss of %s: every process killed, connections reset (page cache kept, but for disks of its own)",
		list(n.nodes()))
}

func (n NodeLoss) nodes() []string { return append([]string{n.Node}, n.And...) }

// Inject kills the nodes' processes.
func (n NodeLoss) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planNodes(lab, n, n.nodes()...); err != nil {
		return nil, err
	}
	impact, err := lab.Apply(ctx, onEach(n.nodes(), harness.Action{Signal: &harness.Signal{Name: "KILL", All: true}}))
	return &Injection{
		Struck: impact,
		Prove:  forEach(n.nodes(), func(ctx context.Context, node string) (string, error) { return confirmEnded(lab, node)(ctx) }),
		Lift:   powerOn(lab, n.nodes()),
	}, err
}
