package main

import "fmt"

// leftoverFigures are a line for each kind of thing.
func leftoverFigures(left remainder, starts int) []figure {
	group := fmt.Sprintf("Left behind by %d lab starts and stops", starts)
	figures := []figure{
		found(group, "containers", left.containers), found(group, "networks", left.networks), found(group, "volumes", left.volumes),
		found(group, "processes", left.processes), found(group, "mounts", left.mounts),
	}
	if len(left.strangers) == 0 {
		return figures
	}
	for i := range figures {
		if vague := figures[i].Name == "processes" || figures[i].Name == "mounts"; vague && figures[i].Verdict == benchMissed {
			figures[i].Verdict = benchUnknown
		}
	}
	return append(figures, figure{Group: group, Name: "containers that others have started meanwhile", Found: left.strangers})
}
