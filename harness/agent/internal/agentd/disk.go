//go:build linux

package agentd

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// readyDisk has the supervisor look whether the action can be carried out. The supervisor acts as well:
// file systems are mounted in its container and not in the agent's. The connection of the first call is
// there for the second.
func (s *system) readyDisk(
	ctx context.Context, action harness.DiskAction,
) (func(context.Context) (func(context.Context) error, error), error) {
	if err := s.call(ctx, protocol.PathReadyDisk, action, nil); err != nil {
		return nil, err
	}
	var undo func(context.Context) error
	if action.Fill || action.Cut {
		undo = func(ctx context.Context) error { return s.call(ctx, protocol.PathUndoDisk, action, nil) }
	}
	return func(ctx context.Context) (func(context.Context) error, error) {
		return undo, s.call(ctx, protocol.PathStrikeDisk, action, nil)
	}, nil
}

// describeDisk names an action in errors.
func describeDisk(action harness.DiskAction) string {
	switch {
	case action.Abort:
		return "abort the system disk's file system"
	case action.Fill:
		return "fill the system disk"
	case action.Cut:
		return "cut the system disk off"
	case action.Mend:
		return "mend the system disk"
	}
	return "do something to the system disk"
}
