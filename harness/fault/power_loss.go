package fault

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// PowerLoss takes a node's links down and then kills every process: peers see silence, as when the
// plug is pulled. Reverting presses the power button.
type PowerLoss struct {
	Node string
}

// Describe says which node.
func (p PowerLoss) Describe() string {
	return fmt.Sprintf("power loss of %s: links down first, then every process killed (page cache kept)", p.Node)
}

// Inject pulls the plug.
func (p PowerLoss) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	address, err := lab.Addresses(p.Node)
	if err != nil {
		return nil, err
	}
	strike, err := lab.Strike(ctx, []harness.Blow{{Node: p.Node, Actions: []harness.Action{
		{Link: &harness.Link{Up: false}},
		{Signal: &harness.Signal{Name: "KILL", All: true}},
	}}})
	return &injection{
		strike: strike,
		confirm: func(ctx context.Context) (string, error) {
			if answers(ctx, lab, harness.VantageObserver, address.IPv6) {
				return "", fmt.Errorf("%s still answers on %s", p.Node, address.IPv6)
			}
			return fmt.Sprintf("seen from the observer, %s is silent", p.Node), nil
		},
		revert: func(ctx context.Context) error { return lab.PowerOn(ctx, p.Node) },
	}, err
}
