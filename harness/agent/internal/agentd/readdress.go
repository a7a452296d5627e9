//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// A move is one address that becomes another on its interface.
type move struct{ from, to assignment }

// readyReaddress finds the interface that has each old address. The prefix length of an old address
// is what the interface says, whatever the action says.
func (n *network) readyReaddress(change harness.Readdress) (func(context.Context) (func(context.Context) error, error), error) {
	if len(change.From) == 0 || len(change.From) != len(change.To) {
		return nil, fmt.Errorf("%d addresses cannot become %d", len(change.From), len(change.To))
	}
	present, err := n.present()
	if err != nil {
		return nil, err
	}
	var moves []move
	for i, from := range change.From {
		to := change.To[i]
		if from.Addr().Unmap().Is4() != to.Addr().Unmap().Is4() {
			return nil, fmt.Errorf("%s and %s are not of one family", from, to)
		}
		at := indexOf(present, from.Addr())
		if at < 0 {
			return nil, fmt.Errorf("no interface has %s", from.Addr())
		}
		moves = append(moves, move{from: present[at], to: assignment{link: present[at].link, address: kernelAddress(to)}})
	}
	return func(context.Context) (func(context.Context) error, error) {
		undo := func(context.Context) error { return n.readdress(reversed(moves)) }
		return undo, n.readdress(moves)
	}, nil
}

func reversed(moves []move) []move {
	var back []move
	for _, m := range slices.Backward(moves) {
		back = append(back, move{from: m.to, to: m.from})
	}
	return back
}

// readdress adds the new addresses, then removes the old: a node that has none for an instant would
// lose its routes too.
func (n *network) readdress(moves []move) error {
	var failures error
	for _, m := range moves {
		failures = errors.Join(failures, n.add(m.to))
	}
	if failures != nil {
		return failures
	}
	for _, m := range moves {
		failures = errors.Join(failures, n.remove(m.from))
		if secondary(m) {
			failures = errors.Join(failures, n.add(m.to))
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range moves {
		for i, given := range n.given {
			if given.same(m.from) {
				n.given[i] = m.to
			}
		}
	}
	return failures
}

// secondary tells whether the new address went with the old one: the kernel takes a second IPv4
// address of a prefix for an appendix of the first.
func secondary(m move) bool {
	return m.from.address.IP.To4() != nil && m.from.address.Contains(m.to.address.IP)
}

// sameAddresses compares without prefix lengths.
func sameAddresses(a, b []netip.Prefix) bool {
	return slices.EqualFunc(a, b, func(x, y netip.Prefix) bool { return x.Addr().Unmap() == y.Addr().Unmap() })
}
