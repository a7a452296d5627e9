package lab

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// isolate puts the engine's machine out of the node's reach, and says once in a lab when that cannot be done.
func (n *node) isolate(ctx context.Context) error {
	var gateways []netip.Addr
	for _, attachment := range n.Attachments() {
		described, _ := n.lab.topology.Network(attachment.Network)
		gateways = append(gateways, harness.GatewayAddress(described.IPv6))
	}
	problem, err := n.agent.Isolate(ctx, gateways...)
	if problem != "" {
		n.lab.unisolated.Do(func() {
			n.lab.options.Progress.Event(fmt.Sprintf("the engine's machine is within reach of %s: %s", n.Name, problem))
		})
	}
	return err
}
