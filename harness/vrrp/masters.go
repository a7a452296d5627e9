package vrrp

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A MasterCount says for one shared address how long it had no master, one, and two, from t0 to the end of
// the watch. The three add up to that time.
type MasterCount struct {
	Address        netip.Addr
	None, One, Two time.Duration
}

// CountMasters counts with the probes of [Pair.Holders]. An address that nobody was asked about is left out.
func (p Pair) CountMasters(record harness.Record) []MasterCount {
	window := afterFault(record)
	var counts []MasterCount
	for _, address := range p.Shared {
		first, known := sliNamed(record, holderName(p.First, address))
		second, alsoKnown := sliNamed(record, holderName(p.Second, address))
		if !known || !alsoKnown {
			continue
		}
		has, alsoHas := stretches(first, true, window), stretches(second, true, window)
		two := total(common(has, alsoHas))
		one := total(has) + total(alsoHas) - 2*two
		counts = append(counts, MasterCount{Address: address, None: max(0, window.length()-one-two), One: one, Two: two})
	}
	return counts
}

// MasterTable writes the counts, a line each.
func MasterTable(counts []MasterCount) string {
	var table strings.Builder
	fmt.Fprintf(&table, "%-16s %10s %10s %10s\n", "shared address", "no master", "one", "two")
	for _, count := range counts {
		fmt.Fprintf(&table, "%-16s %8.2f s %8.2f s %8.2f s\n", count.Address, count.None.Seconds(), count.One.Seconds(), count.Two.Seconds())
	}
	return table.String()
}
