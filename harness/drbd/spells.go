package drbd

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// TwoPrimaries is for how long both machines might write, from t0 to the end of the watch, as the probes of
// [Pair.Primaries] have seen it. It is right to within their period at either end.
func (p Pair) TwoPrimaries(record harness.Record) time.Duration {
	if record.Fault == nil {
		return 0
	}
	var both time.Duration
	for _, first := range spells(record, primaryName(p.First)) {
		for _, second := range spells(record, primaryName(p.Second)) {
			from, to := max(first[0], second[0], record.Fault.At), min(first[1], second[1])
			both += max(0, to-from)
		}
	}
	return both
}

// spells are when an SLI was up, each from its first answer to the first question that failed.
func spells(record harness.Record, name string) [][2]time.Duration {
	var up [][2]time.Duration
	for _, sli := range record.SLIs {
		if sli.Name != name {
			continue
		}
		for i, spell := range sli.Spells {
			if !spell.Up {
				continue
			}
			end := spell.To
			if i+1 < len(sli.Spells) {
				end = sli.Spells[i+1].From
			}
			up = append(up, [2]time.Duration{spell.Seen, end})
		}
	}
	return up
}
