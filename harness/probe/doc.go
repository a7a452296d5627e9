// Package probe has the probes that know no product. A [NetworkProbe] is asked by the agent of a node itself, at a rate that no
// round trip to the harness could keep.
package probe
