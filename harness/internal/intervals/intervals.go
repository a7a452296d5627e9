package intervals

import (
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Stretch is a part of a drill, in offsets from its start.
type Stretch struct{ From, To time.Duration }

// Length is never negative.
func (s Stretch) Length() time.Duration { return max(0, s.To-s.From) }

// within cuts a Stretch to what lies in another.
func (s Stretch) within(other Stretch) Stretch {
	return Stretch{max(s.From, other.From), min(s.To, other.To)}
}

// Named finds an SLI of a record.
func Named(record harness.Record, name string) (harness.RecordSLI, bool) {
	at := slices.IndexFunc(record.SLIs, func(sli harness.RecordSLI) bool { return sli.Name == name })
	if at < 0 {
		return harness.RecordSLI{}, false
	}
	return record.SLIs[at], true
}

// Of are those parts of a window in which an SLI was up, or down. A change counts from the first
// question that met the new state; a return from its answer, as everywhere in a record.
func Of(sli harness.RecordSLI, up bool, window Stretch) []Stretch {
	var found []Stretch
	for i, interval := range sli.Intervals {
		if interval.Up != up {
			continue
		}
		part := Stretch{interval.Begins(), window.To}
		if i+1 < len(sli.Intervals) {
			part.To = sli.Intervals[i+1].Begins()
		}
		if part = part.within(window); part.Length() > 0 {
			found = append(found, part)
		}
	}
	return found
}

// Total is how long stretches are together.
func Total(parts []Stretch) time.Duration {
	var sum time.Duration
	for _, part := range parts {
		sum += part.Length()
	}
	return sum
}

// Common is what lies in a Stretch of both lists, whose stretches do not overlap among themselves.
func Common(a, b []Stretch) []Stretch {
	var found []Stretch
	for _, one := range a {
		for _, other := range b {
			if both := one.within(other); both.Length() > 0 {
				found = append(found, both)
			}
		}
	}
	return found
}

// AfterFault is the part of a drill that is counted: from t0 to the end of what was seen.
func AfterFault(record harness.Record) Stretch {
	if record.Fault == nil {
		return Stretch{}
	}
	window := Stretch{From: record.Fault.At, To: record.WatchedUntil}
	if window.To == 0 {
		for _, sli := range record.SLIs {
			if len(sli.Intervals) > 0 {
				window.To = max(window.To, sli.Intervals[len(sli.Intervals)-1].To)
			}
		}
	}
	return window
}
