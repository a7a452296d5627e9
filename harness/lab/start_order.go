package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A startOrder is who of a lab's nodes is ready, by name: that of a node is closed when it is.
type startOrder map[string]chan struct{}

func newStartOrder(topology harness.Topology) startOrder {
	order := startOrder{}
	for _, node := range topology.Nodes {
		order[node.Name] = make(chan struct{})
	}
	return order
}

// await returns when every node is ready that this one is started after.
func (o startOrder) await(ctx context.Context, node harness.Node) error {
	for _, first := range node.After {
		select {
		case <-o[first]:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s is ready: %w", first, context.Cause(ctx))
		}
	}
	return nil
}

// ready lets those start that are started after a node. One that is in no topology, such as the observer, has none.
func (o startOrder) ready(name string) {
	if others, known := o[name]; known {
		close(others)
	}
}

// readyLimit is how long a system may take to be ready that was started just now.
const readyLimit = 5 * time.Minute

// awaitReady returns when a system's own command says that it is ready, and gives up when its main process has ended for good.
func awaitReady(ctx context.Context, operator harness.Operator, node harness.Node) error {
	if len(node.System.Ready) == 0 {
		return nil
	}
	wait := harness.Wait{
		For: fmt.Sprintf("%s to be ready (%s)", node.Name, strings.Join(node.System.Ready, " ")), Interval: 200 * time.Millisecond,
		Limit: readyLimit,
	}
	if node.System.Restart == 0 { // nobody starts it again
		wait = wait.WhileAlive(operator, node.Name)
	}
	return wait.Until(ctx, func(ctx context.Context) error {
		_, err := operator.Exec(ctx, node.Name, node.System.Ready...)
		return err
	})
}
