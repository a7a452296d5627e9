package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// Egress is what tried to leave the lab: packets that a node sent to an address outside the lab's
// prefixes, or to the machine that the engine runs on, whatever address of that. There is no route for the former, and the latter
// reach nobody, so any is a product calling home.
type Egress struct {
	Packets  int
	Examples []string // "nomad-1: fd00:d1::21 > 169.254.169.254", a few of them
}

// Prefixes are those that belong to the lab, the ones it was renumbered into included.
func (l *Lab) Prefixes() []netip.Prefix {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.prefixes)
}

// WatchEgress starts counting, on every node, the packets to addresses outside the given prefixes and to the engine's machine.
// The returned function gives the count so far.
func (l *Lab) WatchEgress(ctx context.Context, inside []netip.Prefix) (func(context.Context) (Egress, error), error) {
	err := l.everyNode(ctx, func(ctx context.Context, node *node) error {
		return node.agent.WatchPackets(ctx, inside)
	})
	if err != nil {
		return nil, fmt.Errorf("watch for packets that leave the lab: %w", err)
	}
	return l.egress, nil
}

func (l *Lab) egress(ctx context.Context) (Egress, error) {
	var mu sync.Mutex
	var total Egress
	err := l.everyNode(ctx, func(ctx context.Context, node *node) error {
		packets, err := node.agent.Packets(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		total.Packets += packets.Count
		for _, example := range packets.Examples {
			total.Examples = append(total.Examples, node.Name+": "+example)
		}
		return nil
	})
	slices.Sort(total.Examples)
	return total, err
}
