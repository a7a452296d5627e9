package garage

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// How often a node is asked of its quorum, and all nodes of each other.
const (
	availablePeriod = 500 * time.Millisecond
	wholePeriod     = time.Second
)

// Available claims that a node says it has a quorum for every partition (/health), without which reads and writes fail. It is the
// node's own word, asked every 500 ms: what a client gets is s3.Answers' business.
func Available(node string) harness.Probe {
	return probe.Func{
		Label: node + " has a quorum", Every: availablePeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			_, err := ask(ctx, observer, node, "/health", harness.Secret{})
			return err
		},
	}
}

// Whole claims that every node of the store is connected with every other one and finds all nodes of every partition. It is asked
// every second.
func (s Store) Whole() harness.Probe {
	return probe.Func{Label: "garage whole", Every: wholePeriod, Ask: s.whole}
}

func (s Store) whole(ctx context.Context, observer harness.Observer) error {
	return s.every(ctx, observer, func(said health, nodes int) error {
		if err := connected(said, nodes); err != nil {
			return err
		}
		if said.Partitions == 0 || said.PartitionsAllOK < said.Partitions {
			return fmt.Errorf("finds all nodes of %d of %d partitions", said.PartitionsAllOK, said.Partitions)
		}
		return nil
	})
}

// connected counts a node itself too. The error completes a sentence.
func connected(said health, nodes int) error {
	if said.ConnectedNodes < nodes {
		return fmt.Errorf("is connected with %d of %d nodes, itself among them", said.ConnectedNodes, nodes)
	}
	return nil
}

// every asks all nodes, one after the other, what they say of the whole store.
func (s Store) every(ctx context.Context, observer harness.Observer, holds func(said health, nodes int) error) error {
	nodes, err := members(observer)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		said, err := s.health(ctx, observer, node.Name)
		if err != nil {
			return err
		}
		if err := holds(said, len(nodes)); err != nil {
			return fmt.Errorf("%s %w", node.Name, err)
		}
	}
	return nil
}
