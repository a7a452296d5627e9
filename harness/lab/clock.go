package lab

import (
	"context"

	"github.com/reprise-dr/reprise/harness/agent"
)

// Clock compares the harness's clock with that of the engine's kernel, through the agent of a node.
func (l *Lab) Clock(ctx context.Context, name string) (agent.Clock, error) {
	node, err := l.node(name)
	if err != nil {
		return agent.Clock{}, err
	}
	return node.agent.Clock(ctx)
}
