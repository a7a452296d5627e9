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
}

// Describe says which node.
func (n NodeLoss) Describe() string {
	return fmt.Sprintf("loss of %s: every process killed, connections reset (page cache kept)", n.Node)
}

// Inject kills the node's processes.
func (n NodeLoss) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	strike, err := lab.Strike(ctx, []harness.Blow{{
		Node: n.Node, Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL", All: true}}},
	}})
	return &injection{
		strike:  strike,
		confirm: confirmEnded(lab, n.Node),
		revert:  func(ctx context.Context) error { return lab.PowerOn(ctx, n.Node) },
	}, err
}
