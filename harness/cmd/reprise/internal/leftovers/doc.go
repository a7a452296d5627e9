// Package leftovers tells what a lab has left behind: it compares what was there before and afterwards, on the engine
// (containers, networks, volumes) and on this machine (processes, mounts).
package leftovers
