package lab

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness/agent"
)

// AddAddresses gives a node further addresses, with their prefix lengths, on its first interface. The
// node keeps the one it is known by.
func (l *Lab) AddAddresses(ctx context.Context, name string, addresses ...netip.Prefix) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	if err := node.agent.Configure(ctx, agent.Configuration{Addresses: addresses, KeepNames: true}); err != nil {
		return fmt.Errorf("add %v: %w", addresses, err)
	}
	return nil
}
