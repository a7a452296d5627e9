//go:build bench

package bench

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/leftovers"
)

// leftoverFigures are a line for each kind of thing.
func leftoverFigures(left leftovers.Remainder, starts int) []Figure {
	group := fmt.Sprintf("Left behind by %d lab starts and stops", starts)
	figures := []Figure{
		found(group, "containers", left.Containers), found(group, "networks", left.Networks), found(group, "volumes", left.Volumes),
		found(group, "processes", left.Processes), found(group, "mounts", left.Mounts),
	}
	if len(left.Strangers) == 0 {
		return figures
	}
	for i := range figures {
		if vague := figures[i].Name == "processes" || figures[i].Name == "mounts"; vague && figures[i].Verdict == missed {
			figures[i].Verdict = unknown
		}
	}
	return append(figures, Figure{Group: group, Name: "containers that others have started meanwhile", Found: left.Strangers})
}
