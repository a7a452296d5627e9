package probe

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// networkPeriod is the default period of a [NetworkProbe].
const networkPeriod = 20 * time.Millisecond

// networkLimit is the default time limit of a [NetworkProbe]. It is short of the second after which
// TCP sends a lost first packet again: a client that had to wait for that has met an outage.
const networkLimit = 500 * time.Millisecond

// A NetworkProbe is a check that the agent of a node carries out by itself.
type NetworkProbe struct {
	Label string        // what is claimed, such as "the site answers"; the SLI's name
	From  string        // the node that asks; "" means [harness.VantageObserver]
	Every time.Duration // the period; 0 means 20 ms
	Limit time.Duration // an answer that takes longer is a failure; 0 means 500 ms
	// Checks makes the check. It is called again all the time, so that a check of where a node is
	// now follows the node; a change reaches the agent within a few periods.
	Checks func(observer harness.Observer) (harness.Check, error)
}

// Fixed is the Checks of a probe whose check never changes.
func Fixed(check harness.Check) func(harness.Observer) (harness.Check, error) {
	return func(harness.Observer) (harness.Check, error) { return check, nil }
}

// Name is the label.
func (p NetworkProbe) Name() string { return p.Label }

// Period is how often the check is made.
func (p NetworkProbe) Period() time.Duration { return cmp.Or(p.Every, networkPeriod) }

// Schedule is the probe's.
func (p NetworkProbe) Schedule() harness.Schedule {
	return harness.Schedule{Period: p.Period(), Limit: cmp.Or(p.Limit, networkLimit), Aligned: true}
}

// Vantage is the node that asks.
func (p NetworkProbe) Vantage() string { return cmp.Or(p.From, harness.VantageObserver) }

// Current is what to check now.
func (p NetworkProbe) Current(observer harness.Observer) (harness.Check, error) {
	if p.Checks == nil {
		return harness.Check{}, fmt.Errorf("the probe %q has no check", p.Label)
	}
	check, err := p.Checks(observer)
	if err != nil {
		return harness.Check{}, err
	}
	return check, check.Validate()
}

// Check asks once.
func (p NetworkProbe) Check(ctx context.Context, observer harness.Observer) error {
	check, err := p.Current(observer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := make(chan error, 1)
	_, err = observer.StartCheck(ctx, p.Vantage(), check, p.Schedule(), func(samples []harness.Sample) {
		for _, sample := range samples {
			select {
			case first <- sample.Err:
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	select {
	case err := <-first:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
