package vrrp

import (
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Pair is two routers that share addresses.
type Pair struct {
	First      string       // the router that is master while it may be
	Second     string       // the one that takes over
	Shared     []netip.Addr // what the two share
	MasterFile string       // the file that lets a router be master
}

// Both are the pair's routers.
func (p Pair) Both() []string { return []string{p.First, p.Second} }

// Other is the router that the named one is paired with.
func (p Pair) Other(router string) string {
	if router == p.First {
		return p.Second
	}
	return p.First
}

// Holders are one probe for each router and shared address: the router answers to it. Half of them fail in
// peace, and so are for [drill.Drill.Watch]; [Pair.CountMasters] counts with them.
func (p Pair) Holders() []harness.Probe {
	var holders []harness.Probe
	for _, address := range p.Shared {
		for _, router := range p.Both() {
			holders = append(holders, probe.Holds(router, address))
		}
	}
	return holders
}
