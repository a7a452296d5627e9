package fault

import (
	"context"
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// list names nodes in a sentence: "nobody", "a", "a and b", "a, b and c".
func list(nodes []string) string {
	last := len(nodes) - 1
	switch last {
	case -1:
		return "nobody"
	case 0:
		return nodes[0]
	}
	return strings.Join(nodes[:last], ", ") + " and " + nodes[last]
}

// planNodes says in a sentence which of the nodes is not there, before anything happens to the others.
func planNodes(lab harness.Lab, fault harness.Fault, nodes ...string) error {
	for _, name := range nodes {
		if _, known := lab.Topology().Node(name); !known {
			return fmt.Errorf("plan the %s: %w", fault.Describe(), lab.Topology().UnknownNode(name))
		}
	}
	return nil
}

// onEach does the same to every node.
func onEach(nodes []string, actions ...harness.Action) []harness.NodeActions {
	var nodeActions []harness.NodeActions
	for _, node := range nodes {
		nodeActions = append(nodeActions, harness.NodeActions{Node: node, Actions: actions})
	}
	return nodeActions
}

// forEach proves for every node what has to be true of it.
func forEach(
	nodes []string, confirm func(ctx context.Context, node string) (string, error),
) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var proofs []string
		for _, node := range nodes {
			proof, err := confirm(ctx, node)
			if err != nil {
				return "", err
			}
			proofs = append(proofs, proof)
		}
		return strings.Join(proofs, "; "), nil
	}
}

// powerOn presses the power button of every node.
func powerOn(lab harness.Lab, nodes []string) func(context.Context) error {
	return func(ctx context.Context) error {
		var err error
		for _, node := range nodes {
			err = harness.JoinErrors(err, lab.PowerOn(ctx, node))
		}
		return err
	}
}
