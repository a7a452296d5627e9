package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// AwaitUp returns when the drill itself has seen the probe up: by the sample that was answered last, after t0 if
// there is a fault. A spec that asks the probe by itself and goes on is ahead of the record, which may then say that
// what the spec waited for never was. The probe has to be watched, in whatever role. It may be called at any time and
// from within a runbook's step; it watches for as long as the objective's patience.
func (d *Drill) AwaitUp(ctx context.Context, probe harness.Probe) (err error) {
	defer redactError(&err)
	return d.await(ctx, probe, true)
}

// AwaitDown is [Drill.AwaitUp] for a probe that is to fail.
func (d *Drill) AwaitDown(ctx context.Context, probe harness.Probe) (err error) {
	defer redactError(&err)
	return d.await(ctx, probe, false)
}

func (d *Drill) await(ctx context.Context, probe harness.Probe, up bool) error {
	word := map[bool]string{true: "up", false: "down"}[up]
	if probe == nil {
		return fmt.Errorf("await a probe %s: there is none", word)
	}
	wait := waitForSample
	wait.For, wait.Limit = fmt.Sprintf("%q to be seen %s", probe.Name(), word), d.record.Objective.GiveUpAfter
	var over error // why it cannot be seen any more
	err := wait.Until(ctx, func(context.Context) error {
		var missing error
		if missing, over = d.seen(probe.Name(), up); over != nil {
			missing = nil // no more looks
		}
		return missing
	})
	if over != nil {
		return fmt.Errorf("await %q %s: %w", probe.Name(), word, over)
	}
	return err
}

// seen says what is missing for the last sample of an SLI to be as wanted, or why it can never come.
func (d *Drill) seen(name string, up bool) (missing, never error) {
	d.mu.Lock()
	sampler, fault, closed, lost := d.sampler, d.record.Fault, d.state == isClosed, d.lossError
	d.mu.Unlock()
	switch {
	case closed:
		return nil, errors.New("the drill is closed")
	case lost != nil:
		return nil, lost
	}
	if sampler == nil {
		return nil, errNotWatched
	}
	last, asked, err := sampler.newest(name)
	if err != nil {
		return nil, err
	}
	since := time.Duration(0)
	if fault != nil {
		since = fault.At
	}
	switch {
	case !asked:
		return errors.New("it was not answered yet"), nil
	case last.Up && !up:
		return errors.New("it still holds"), nil
	case !last.Up && up:
		return fmt.Errorf("it still fails: %s", last.Error), nil
	case fault != nil && (up && last.To < since || !up && !judge.FailsAfter(last, since)):
		return errors.New("it was not answered since the fault"), nil
	}
	return nil, nil
}

var errNotWatched = errors.New("this drill does not watch it: give it to Baseline, Watch, WatchSilent or Unaffected before " +
	"the fault")

// newest is the interval that an SLI is in, by its last answer; false when there was none yet. One that nobody watches, or
// that cannot be asked any more, is an error.
func (s *sampler) newest(name string) (harness.Interval, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, series := range s.series {
		switch {
		case series.probe.Name() != name:
			continue
		case series.broken != nil:
			return harness.Interval{}, false, fmt.Errorf("it cannot be asked any more: %w", series.broken)
		case len(series.intervals) == 0:
			return harness.Interval{}, false, nil
		}
		return series.intervals[len(series.intervals)-1], true, nil
	}
	return harness.Interval{}, false, errNotWatched
}
