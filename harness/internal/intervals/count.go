package intervals

import (
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Count says how long none, one, and more of several SLIs were up, from t0 to the end of the watch. The three add
// up to that time.
type Count struct{ None, One, More time.Duration }

// CountUp counts how many of the named SLIs were up. One that nobody asked about makes the second result false.
func CountUp(record harness.Record, names ...string) (Count, bool) {
	window := AfterFault(record)
	cuts := []time.Duration{window.From, window.To}
	var up [][]Stretch
	for _, name := range names {
		sli, known := Named(record, name)
		if !known {
			return Count{}, false
		}
		parts := Of(sli, true, window)
		for _, part := range parts {
			cuts = append(cuts, part.From, part.To)
		}
		up = append(up, parts)
	}
	slices.Sort(cuts)
	var count Count
	for i, from := range cuts[:len(cuts)-1] {
		length := cuts[i+1] - from
		holders := 0
		for _, parts := range up {
			if slices.ContainsFunc(parts, func(part Stretch) bool { return part.From <= from && cuts[i+1] <= part.To }) {
				holders++
			}
		}
		switch holders {
		case 0:
			count.None += length
		case 1:
			count.One += length
		default:
			count.More += length
		}
	}
	return count, true
}
