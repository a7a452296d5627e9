package labtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// A ProbeCase is a probe under test, and what is particular to it.
type ProbeCase struct {
	Probe harness.Probe
	// Paths are looked at on every node besides the default ones, and Planned is what may differ on them after the probe was asked.
	Paths   []string
	Planned []drift.Planned
}

// probeRounds is how often a probe is asked between two looks at what it has changed.
const probeRounds = 5

// TestProbe runs a probe through what every probe has to do, and says in one sentence which point of that is broken; nil when
// none is. The machines are in peace: what the probe claims holds, or does within two minutes.
//
//   - it has a name in one line, the same each time, and a positive period;
//   - it holds, and is content with an Observer: it never turns that into something that can do more;
//   - asking changes nothing: no fingerprint, and nothing in the journal of machines in memory;
//   - of machines that refuse connections and cannot be asked it says so, in one sentence;
//   - of machines that never answer it says so soon after its context has ended.
func TestProbe(ctx context.Context, machines harness.Observer, c ProbeCase) error {
	if c.Probe == nil {
		return errors.New("there is no probe to test")
	}
	name := c.Probe.Name()
	if err := sentence("its name", name); err != nil {
		return fmt.Errorf("the probe %T: %w", c.Probe, err)
	}
	observer := newPartialObserver(machines)
	defer observer.close()
	for _, ask := range []func(ctx context.Context, observer *partialObserver) error{
		c.isPlain, c.changesNothing, c.tellsGone, c.ends,
	} {
		if err := ask(ctx, observer); err != nil {
			return fmt.Errorf("the probe %q: %w", name, err)
		}
	}
	return nil
}

// isPlain looks at what the probe says of itself.
func (c ProbeCase) isPlain(context.Context, *partialObserver) error {
	if first, second := c.Probe.Name(), c.Probe.Name(); first != second {
		return fmt.Errorf("its name becomes %q", second)
	}
	if period := c.Probe.Period(); period <= 0 {
		return fmt.Errorf("its period is %v: it must be positive", period)
	}
	return nil
}

// waitForClaim allows for machines that have just come up.
var waitForClaim = harness.Wait{For: "the claim to hold", Interval: 100 * time.Millisecond, Limit: partLimit}

// oneCheck is the time limit of one question.
const oneCheck = 10 * time.Second

// changesNothing asks the probe several times where its claim holds.
func (c ProbeCase) changesNothing(ctx context.Context, observer *partialObserver) error {
	check := func(ctx context.Context) error {
		return doneWithin(ctx, oneCheck, func(ctx context.Context) error { return c.Probe.Check(ctx, observer) })
	}
	if err := waitForClaim.Until(ctx, check); err != nil {
		return fmt.Errorf("it does not hold in peace: %w", err)
	}
	before, err := fingerprints(ctx, observer.Observer, c.Paths)
	if err != nil {
		return fmt.Errorf("the machines are not at peace: %w", err)
	}
	journal(observer.Observer)
	for range probeRounds {
		if err := check(ctx); err != nil {
			return fmt.Errorf("it does not hold in peace: %w", err)
		}
	}
	if done := journal(observer.Observer); len(done) > 0 {
		return fmt.Errorf("asking it changes machines: %s", strings.Join(done, ", "))
	}
	if err := unchanged(ctx, observer.Observer, before, c.Paths, c.Planned); err != nil {
		return fmt.Errorf("asking it changes nodes: %w", err)
	}
	return nil
}

// journal takes what has been done to machines that keep one.
func journal(machines harness.Observer) []string {
	if kept, ok := machines.(interface{ Journal() []string }); ok {
		return kept.Journal()
	}
	return nil
}

// tellsGone asks of machines that are not there.
func (c ProbeCase) tellsGone(ctx context.Context, observer *partialObserver) error {
	return c.fails(ctx, observer, gone, oneCheck, "no node is there")
}

// ends asks of machines that never answer.
func (c ProbeCase) ends(ctx context.Context, observer *partialObserver) error {
	return c.fails(ctx, observer, silent, endLimit, "nothing answers")
}

// fails asks of machines in a condition in which the claim cannot hold.
func (c ProbeCase) fails(ctx context.Context, observer *partialObserver, now condition, limit time.Duration, words string) error {
	observer.set(now, 0)
	err := doneWithin(ctx, limit, func(ctx context.Context) error { return c.Probe.Check(ctx, observer) })
	switch {
	case err == nil:
		return errors.New("it holds although " + words)
	case errors.Is(err, errLate):
		return fmt.Errorf("when %s: %w", words, err)
	}
	return sentence("its error when "+words, err.Error())
}
