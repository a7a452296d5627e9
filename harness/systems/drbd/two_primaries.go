package drbd

import (
	"errors"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/intervals"
)

// TwoPrimaries is for how long both machines might write, from t0 to the end of the watch, as the probes of
// [Pair.Primaries] have seen it: right to within their period at either end. It is an error when nobody watched.
func (p Pair) TwoPrimaries(record harness.Record) (time.Duration, error) {
	count, watched := intervals.CountUp(record, primaryName(p.First), primaryName(p.Second))
	if !watched {
		return 0, errors.New("count the seconds with two primaries: nobody watched who is primary")
	}
	return count.More, nil
}
