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

// A NetworkProbe is a question about the network that the agent of a node asks by itself.
type NetworkProbe struct {
	Label string        // what is claimed, such as "the site answers"; the SLI's name
	From  string        // the node that asks; "" means [harness.VantageObserver]
	Every time.Duration // the period; 0 means 20 ms
	Limit time.Duration // an answer that takes longer is a failure; 0 means 500 ms
	// Ask makes the question. It is called again all the time, so that a question to where a node is
	// now follows the node; a change reaches the agent within a few periods.
	Ask func(observer harness.Observer) (harness.Question, error)
}

// Fixed is the Ask of a question that never changes.
func Fixed(question harness.Question) func(harness.Observer) (harness.Question, error) {
	return func(harness.Observer) (harness.Question, error) { return question, nil }
}

// Name is the label.
func (p NetworkProbe) Name() string { return p.Label }

// Period is how often the question is asked.
func (p NetworkProbe) Period() time.Duration { return cmp.Or(p.Every, networkPeriod) }

// Schedule is the probe's.
func (p NetworkProbe) Schedule() harness.Schedule {
	return harness.Schedule{Period: p.Period(), Limit: cmp.Or(p.Limit, networkLimit), Aligned: true}
}

// Vantage is the node that asks.
func (p NetworkProbe) Vantage() string { return cmp.Or(p.From, harness.VantageObserver) }

// Question is what to ask now.
func (p NetworkProbe) Question(observer harness.Observer) (harness.Question, error) {
	if p.Ask == nil {
		return harness.Question{}, fmt.Errorf("the probe %q has no question", p.Label)
	}
	question, err := p.Ask(observer)
	if err != nil {
		return harness.Question{}, err
	}
	return question, question.Validate()
}

// Check asks once.
func (p NetworkProbe) Check(ctx context.Context, observer harness.Observer) error {
	question, err := p.Question(observer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := make(chan error, 1)
	_, err = observer.Ask(ctx, p.Vantage(), question, p.Schedule(), func(samples []harness.Sample) {
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
