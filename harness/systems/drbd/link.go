package drbd

import (
	"context"
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// A cable is what the two nodes of a pair hear each other by. All of it goes together: nothing else of theirs is cut.
type cable struct {
	pair        Pair
	nodeActions []harness.NodeActions
}

func cableOf(lab harness.Lab, pair Pair) (cable, error) {
	c := cable{pair: pair}
	for _, name := range pair.Both() {
		other, known := lab.Topology().Node(pair.Other(name))
		if !known {
			return cable{}, lab.Topology().UnknownNode(pair.Other(name))
		}
		c.nodeActions = append(c.nodeActions, harness.NodeActions{
			Node:    name,
			Actions: []harness.Action{{Drop: &harness.Drop{From: other.AllAddresses()}}},
		})
	}
	return c, nil
}

// pull has each node's kernel drop what comes from the other, and waits until DRBD has noticed on both sides.
func (c cable) pull(ctx context.Context, lab harness.Lab) (harness.Impact, error) {
	impact, err := lab.Apply(ctx, c.nodeActions)
	if err != nil {
		return impact, err
	}
	return impact, waitForSilence.Until(ctx, func(ctx context.Context) error {
		var errs []error
		for _, node := range c.pair.Both() {
			errs = append(errs, expect(ctx, lab, node, func(status Status) bool {
				return status.Connection == waiting &&
					status.Peer == "Unknown"
			}))
		}
		return harness.JoinErrors(errs...)
	})
}

// waiting is the connection of a side that would talk to the other one if it heard it.
const waiting = "WFConnection"

// plug lets everything through again. It may be done twice.
func (c cable) plug(ctx context.Context, lab harness.Lab) error {
	var lift []harness.NodeActions
	for _, nodeAction := range c.nodeActions {
		lifted := *nodeAction.Actions[0].Drop
		lifted.Lift = true
		lift = append(lift, harness.NodeActions{Node: nodeAction.Node, Actions: []harness.Action{{Drop: &lifted}}})
	}
	_, err := lab.Apply(ctx, lift)
	return err
}

// written waits until what a side has differs from the other one's, and says by how much, in KiB.
func written(ctx context.Context, lab harness.Lab, nodes ...string) (map[string]int, error) {
	amounts := map[string]int{}
	err := waitForWrites.Until(ctx, func(ctx context.Context) error {
		for _, node := range nodes {
			status, err := Look(ctx, lab, node)
			if err != nil {
				return err
			}
			if amounts[node] = status.OutOfSync; amounts[node] == 0 {
				return fmt.Errorf("nothing was written on %s yet", node)
			}
		}
		return nil
	})
	return amounts, err
}

var errNotDone = errors.New("it did not come that far")
