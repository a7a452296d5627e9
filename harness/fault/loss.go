package fault

import "github.com/reprise-dr/reprise/harness"

// A Loss is one of the two ways to lose machines, all of the named ones at one instant: [Killed] or [Unpowered].
type Loss func(node string, and ...string) harness.Fault

// Killed machines lose their processes; their kernels live on and reset the connections.
func Killed(node string, and ...string) harness.Fault { return NodeLoss{Node: node, And: and} }

// Unpowered machines are silent.
func Unpowered(node string, and ...string) harness.Fault { return PowerLoss{Node: node, And: and} }
