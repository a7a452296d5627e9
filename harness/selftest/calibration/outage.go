package calibration

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An edge is a moment that lies between two others. All times are offsets on the clock of a record.
type edge struct{ after, by time.Duration }

// apart tells whether the two edges cannot be the same moment, even if a clock is off by the margin.
func (e edge) apart(other edge, margin time.Duration) bool {
	return e.by+margin < other.after || other.by+margin < e.after
}

// middle is the moment itself, as well as it is known.
func (e edge) middle() time.Duration { return (e.after + e.by) / 2 }

// A truth is an outage as it was made.
type truth struct {
	service string
	down    edge
	up      edge
}

// length is how long the service was away.
func (t truth) length() time.Duration { return t.up.middle() - t.down.middle() }

// blur bounds the error of the length.
func (t truth) blur() time.Duration { return (t.up.by - t.up.after + t.down.by - t.down.after) / 2 }

// A sighting is an outage as somebody measured it.
type sighting struct {
	service string
	lost    time.Duration // when it was found to be away
	back    time.Duration // when it was found to be back
	// down and up enclose what really happened, as far as the measurement says. One that does not say
	// is enclosed by its first failed question and the first one that was answered.
	down, up edge
	bounded  bool // it does say
}

// length is the figure that is published.
func (s sighting) length() time.Duration { return s.back - s.lost }

// overlap is how long both went on at the same time; negative when they did not.
func (s sighting) overlap(t truth) time.Duration {
	return min(s.up.by, t.up.by) - max(s.down.after, t.down.after)
}

// sightings are the outages that an SLI of a record shows. One that had no end, or no beginning, has
// no length and is left out.
func sightings(sli harness.RecordSLI) []sighting {
	var seen []sighting
	for i, interval := range sli.Intervals {
		if interval.Up || i == 0 || i+1 == len(sli.Intervals) {
			continue
		}
		back := sli.Intervals[i+1]
		seen = append(seen, sighting{
			service: sli.Name, lost: interval.From, back: back.Seen, bounded: true,
			down: edge{interval.After, interval.By}, up: edge{back.After, back.By},
		})
	}
	return seen
}
