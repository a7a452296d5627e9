package vrrp

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/intervals"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A MasterCount says for one shared address how long it had no master, one, and two, from t0 to the end of
// the watch. The three add up to that time.
type MasterCount struct {
	Address        netip.Addr
	None, One, Two time.Duration
}

// CountMasters counts with the probes of [Pair.Holders]. An address that nobody was asked about is left out.
func (p Pair) CountMasters(record harness.Record) []MasterCount {
	var counts []MasterCount
	for _, address := range p.Shared {
		first, second := probe.Holds(p.First, address), probe.Holds(p.Second, address)
		if count, known := intervals.CountUp(record, first.Name(), second.Name()); known {
			counts = append(counts, MasterCount{Address: address, None: count.None, One: count.One, Two: count.More})
		}
	}
	return counts
}

// MasterTable writes the counts, a line each.
func MasterTable(counts []MasterCount) string {
	var table strings.Builder
	fmt.Fprintf(&table, "%-16s %10s %10s %10s\n", "shared address", "no master", "one", "two")
	for _, count := range counts {
		fmt.Fprintf(&table, "%-16s %8.2f s %8.2f s %8.2f s\n", count.Address, count.None.Seconds(), count.One.Seconds(),
			count.Two.Seconds())
	}
	return table.String()
}
