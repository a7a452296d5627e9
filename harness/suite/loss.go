package suite

import (
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

// A Loss is one of the two ways to lose machines, all of the named ones at one instant.
type Loss func(node string, and ...string) harness.Fault

// Killed machines lose their processes, with a goodbye from the kernel: connections are reset.
func Killed(node string, and ...string) harness.Fault { return fault.NodeLoss{Node: node, And: and} }

// Unpowered machines are silent.
func Unpowered(node string, and ...string) harness.Fault {
	return fault.PowerLoss{Node: node, And: and}
}
