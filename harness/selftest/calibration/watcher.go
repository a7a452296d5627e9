package calibration

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/agent"
)

// clientLimit is the time limit that people give their requests, where they do.
const clientLimit = time.Second

// A watcher is a way of measuring that people use today. It watches one site until told to stop, and
// returns the outages it has seen.
type watcher interface {
	method() string
	watch(ctx context.Context, stop <-chan struct{}, site fixtures.Cuttable) ([]stamped, error)
}

// A stamped outage carries the clock it was measured by: the harness's, or the time of day of a node.
type stamped struct {
	asked, lost, back moment // asked is when the first failed question was
}

// A moment is on the harness's clock, or, when that is zero, nanoseconds of the engine's time of day.
type moment struct {
	here  time.Time
	there int64
}

// place puts the outage on the record's clock. Ahead is how far the engine's time of day is ahead of
// its monotonic clock.
func (s stamped) place(service string, ruler *ruler, ahead time.Duration) sighting {
	offset := func(m moment) time.Duration {
		if m.here.IsZero() {
			return ruler.there(agent.Instant(m.there - int64(ahead)))
		}
		return ruler.here(m.here)
	}
	seen := sighting{service: service, lost: offset(s.lost), back: offset(s.back)}
	seen.down, seen.up = edge{offset(s.asked), seen.lost}, edge{seen.lost, seen.back}
	return seen
}

// url is where the site is.
func url(site fixtures.Cuttable) string { return "http://" + site.Check.HTTP.At.String() + "/" }
