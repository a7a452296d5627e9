package lab

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// Fingerprint says what a node looks like now.
func (l *Lab) Fingerprint(ctx context.Context, name string, paths ...string) (harness.Fingerprint, error) {
	node, err := l.node(name)
	if err != nil {
		return harness.Fingerprint{}, err
	}
	if len(node.containers) < 2 {
		return harness.Fingerprint{}, fmt.Errorf("take the fingerprint of %s: it runs no system", name)
	}
	return node.agent.Fingerprint(ctx, paths...)
}

// Mentions lists what names one of the addresses on a node.
func (l *Lab) Mentions(ctx context.Context, name string, addresses []netip.Addr, paths ...string) ([]harness.Mention, error) {
	node, err := l.node(name)
	if err != nil {
		return nil, err
	}
	if len(node.containers) < 2 {
		return nil, fmt.Errorf("search for old addresses on %s: it runs no system", name)
	}
	return node.agent.Mentions(ctx, addresses, paths...)
}
