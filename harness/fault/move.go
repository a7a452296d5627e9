package fault

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// A move is one node's change of addresses.
type move struct {
	node     string
	from, to []netip.Prefix
}

// inject makes all moves at one instant.
func inject(ctx context.Context, lab harness.Lab, moves []move) (harness.Injection, error) {
	impact, err := lab.Apply(ctx, nodeActions(moves, false))
	return &Injection{
		Struck: impact,
		Prove:  func(ctx context.Context) (string, error) { return confirmMoved(ctx, lab, moves) },
		Lift: func(ctx context.Context) error {
			moved := stillMoved(lab, moves)
			if len(moved) == 0 {
				return nil
			}
			_, err := lab.Apply(ctx, nodeActions(moved, true))
			return err
		},
	}, err
}

func nodeActions(moves []move, back bool) []harness.NodeActions {
	var all []harness.NodeActions
	for _, move := range moves {
		change := harness.Readdress{From: move.from, To: move.to}
		if back {
			change.From, change.To = change.To, change.From
		}
		all = append(all, harness.NodeActions{Node: move.node, Actions: []harness.Action{{Readdress: &change}}})
	}
	return all
}

// stillMoved leaves out nodes that are no longer where the fault put them: a revert undoes nothing twice.
func stillMoved(lab harness.Lab, moves []move) []move {
	return slices.DeleteFunc(slices.Clone(moves), func(move move) bool {
		now, err := lab.Addresses(move.node)
		return err == nil && now.IPv6 != move.to[0].Addr() && now.IPv4 != move.to[0].Addr()
	})
}

// confirmMoved looks from the observer: the old addresses are silent, the new ones answer.
func confirmMoved(ctx context.Context, lab harness.Lab, moves []move) (string, error) {
	var mu sync.Mutex
	var wrong []error
	var group sync.WaitGroup
	note := func(err error) {
		if err == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, err)
	}
	for _, move := range moves {
		for i := range move.to {
			group.Go(func() {
				if answers(ctx, lab, move.from[i].Addr()) {
					note(fmt.Errorf("%s still answers on %s", move.node, move.from[i].Addr()))
				}
			})
			group.Go(func() {
				note(confirmAnswers(ctx, lab, move.node, move.to[i].Addr()))
			})
		}
	}
	group.Wait()
	if len(wrong) > 0 {
		return "", harness.JoinErrors(wrong...)
	}
	return fmt.Sprintf("seen from the observer, %d nodes answer on their new addresses and on none of the old", len(moves)), nil
}

// confirmAnswers returns when the node answers on its new address.
func confirmAnswers(ctx context.Context, lab harness.Lab, node string, address netip.Addr) error {
	return waitForAddress.Until(ctx, func(ctx context.Context) error {
		if !answers(ctx, lab, address) {
			return fmt.Errorf("%s does not answer on %s", node, address)
		}
		return nil
	})
}
