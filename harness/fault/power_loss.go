package fault

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// PowerLoss takes a node's links down and then kills every process: peers see silence, as when the
// plug is pulled. Reverting presses the power button.
type PowerLoss struct {
	Node string
	And  []string // further nodes, without power from the same instant
}

// Describe says which nodes.
func (p PowerLoss) Describe() string {
	return fmt.Sprintf("power loss of %s: links down first, then every process killed (page cache kept, but for disks of its own)", list(p.nodes()))
}

func (p PowerLoss) nodes() []string { return append([]string{p.Node}, p.And...) }

// Inject pulls the plugs.
func (p PowerLoss) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	silent := map[string]netip.Addr{}
	for _, node := range p.nodes() {
		address, err := lab.Addresses(node)
		if err != nil {
			return nil, err
		}
		silent[node] = address.IPv6
	}
	strike, err := lab.Strike(ctx, onEach(p.nodes(),
		harness.Action{Link: &harness.Link{Up: false}},
		harness.Action{Signal: &harness.Signal{Name: "KILL", All: true}},
	))
	return &injection{
		strike: strike,
		confirm: forEach(p.nodes(), func(ctx context.Context, node string) (string, error) {
			if answers(ctx, lab, silent[node]) {
				return "", fmt.Errorf("%s still answers on %s", node, silent[node])
			}
			return fmt.Sprintf("seen from the observer, %s is silent", node), nil
		}),
		revert: powerOn(lab, p.nodes()),
	}, err
}
