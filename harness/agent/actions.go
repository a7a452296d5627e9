package agent

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Prepared is an action that an agent is ready to execute. It is forgotten when it has been fired or undone.
type Prepared struct {
	id int
}

// Stamps are the moments of an action, read next to the system calls.
type Stamps struct {
	Began Instant   // before the first action
	Done  Instant   // after the last action
	After []Instant // after each action
}

// Prepare makes the agent look up everything the actions need (processes, interfaces, addresses),
// so that firing them is nothing but the system calls. What cannot be done is an error here.
func (c *Client) Prepare(ctx context.Context, actions []harness.Action) (Prepared, error) {
	var prepared protocol.Prepared
	err := c.call(ctx, "prepare the actions on", protocol.PathPrepare, protocol.NodeActions{Actions: actions}, &prepared)
	return Prepared{id: prepared.ID}, err
}

// Fire carries out the actions in order, at the given instant or, when it is zero or has passed, at
// once. A context that ends before the instant keeps the actions from happening. When an action
// fails, those before it are undone.
func (c *Client) Fire(ctx context.Context, prepared Prepared, at Instant) (Stamps, error) {
	var stamps protocol.Stamps
	if err := c.call(ctx, "strike", protocol.PathFire, protocol.Fire{ID: prepared.id, At: at}, &stamps); err != nil {
		return Stamps{}, err
	}
	if len(stamps.After) == 0 {
		return Stamps{}, fmt.Errorf("strike %s: the agent stamped no action", c.node)
	}
	return Stamps{Began: stamps.Began, Done: stamps.After[len(stamps.After)-1], After: stamps.After}, nil
}

// Undo reverts what firing has done and is still in force, or forgets what was only prepared. A kill
// cannot be undone: that is what PowerOn and Start are for. It may be called more than once.
func (c *Client) Undo(ctx context.Context, prepared Prepared) error {
	return c.call(ctx, "undo the actions on", protocol.PathUndo, protocol.Prepared{ID: prepared.id}, nil)
}
