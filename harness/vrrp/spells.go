package vrrp

import (
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A stretch is a part of a drill, in offsets from its start.
type stretch struct{ from, to time.Duration }

func (s stretch) length() time.Duration { return max(0, s.to-s.from) }

// within cuts a stretch to what lies in another.
func (s stretch) within(other stretch) stretch {
	return stretch{max(s.from, other.from), min(s.to, other.to)}
}

// sliNamed finds an SLI of a record.
func sliNamed(record harness.Record, name string) (harness.RecordSLI, bool) {
	at := slices.IndexFunc(record.SLIs, func(sli harness.RecordSLI) bool { return sli.Name == name })
	if at < 0 {
		return harness.RecordSLI{}, false
	}
	return record.SLIs[at], true
}

// stretches are those parts of a window in which an SLI was up, or down. A change counts from the first
// question that met the new state; a return from its answer, as everywhere in a record.
func stretches(sli harness.RecordSLI, up bool, window stretch) []stretch {
	var found []stretch
	for i, spell := range sli.Spells {
		if spell.Up != up {
			continue
		}
		part := stretch{begins(spell), window.to}
		if i+1 < len(sli.Spells) {
			part.to = begins(sli.Spells[i+1])
		}
		if part = part.within(window); part.length() > 0 {
			found = append(found, part)
		}
	}
	return found
}

func begins(spell harness.Spell) time.Duration {
	if spell.Up {
		return spell.Seen
	}
	return spell.From
}

// total is how long stretches are together.
func total(parts []stretch) time.Duration {
	var sum time.Duration
	for _, part := range parts {
		sum += part.length()
	}
	return sum
}

// common is what lies in a stretch of both lists, whose stretches do not overlap among themselves.
func common(a, b []stretch) []stretch {
	var found []stretch
	for _, one := range a {
		for _, other := range b {
			if both := one.within(other); both.length() > 0 {
				found = append(found, both)
			}
		}
	}
	return found
}

// afterFault is the part of a drill that is counted: from t0 to the end of what was seen.
func afterFault(record harness.Record) stretch {
	if record.Fault == nil {
		return stretch{}
	}
	window := stretch{from: record.Fault.At, to: record.WatchedUntil}
	if window.to == 0 {
		for _, sli := range record.SLIs {
			if len(sli.Spells) > 0 {
				window.to = max(window.to, sli.Spells[len(sli.Spells)-1].To)
			}
		}
	}
	return window
}
