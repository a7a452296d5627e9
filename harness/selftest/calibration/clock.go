package calibration

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab"
)

// A ruler places moments of the harness and of the engine's kernel on the clock of a record. The
// clocks are compared at both ends, since those of two machines drift apart in minutes.
type ruler struct {
	origin      time.Time // the record's beginning, with the monotonic clock
	first, last comparison
}

type comparison struct {
	at    time.Time
	clock agent.Clock
}

// newRuler begins right after the drill has: the record says by the wall clock when that was, which
// nobody has set in between.
func newRuler(ctx context.Context, cluster *lab.Lab, record harness.Record) (*ruler, error) {
	now := time.Now()
	r := &ruler{origin: now.Add(-now.Round(0).Sub(record.Started))}
	var err error
	r.first, err = compare(ctx, cluster)
	r.last = r.first
	return r, err
}

// end compares the clocks again.
func (r *ruler) end(ctx context.Context, cluster *lab.Lab) (err error) {
	r.last, err = compare(ctx, cluster)
	return err
}

func compare(ctx context.Context, cluster *lab.Lab) (comparison, error) {
	clock, err := cluster.Clock(ctx, fixtures.CalibrationService)
	return comparison{time.Now(), clock}, err
}

// uncertainty bounds the error of what the ruler says of the engine's moments.
func (r *ruler) uncertainty() time.Duration {
	return max(r.first.clock.Uncertainty, r.last.clock.Uncertainty)
}

// here places a moment of the harness.
func (r *ruler) here(moment time.Time) time.Duration { return moment.Sub(r.origin) }

// there places a moment of the engine's kernel.
func (r *ruler) there(moment agent.Instant) time.Duration {
	first, last := r.first.clock.Time(moment), r.last.clock.Time(moment)
	if span := r.last.at.Sub(r.first.at); span > 0 {
		part := float64(first.Sub(r.first.at)) / float64(span)
		first = first.Add(time.Duration(min(1, max(0, part)) * float64(last.Sub(first))))
	}
	return r.here(first)
}
