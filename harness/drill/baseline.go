package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Watch begins to sample probes that are recorded and have no part in the steady state, such as the
// client that goes on asking the address of peace time. It comes before Inject.
func (d *Drill) Watch(ctx context.Context, probes ...harness.Probe) (err error) {
	defer redactError(&err)
	return d.watch(ctx, stepWatch, isWatched, probes)
}

// Unaffected begins to sample probes that the fault must not touch: the confirmed blast radius. Each
// of them that fails between t0 and the end of the watch is a miss. It comes before Inject.
func (d *Drill) Unaffected(ctx context.Context, probes ...harness.Probe) (err error) {
	defer redactError(&err)
	return d.watch(ctx, stepUnaffected, isUnaffected, probes)
}

// WatchSilent begins to sample probes of what no client of the service sees: a log that is written, a job
// that cron runs. One that fails while every client gets its answers is wrong without going red, and
// the judgement's symptoms say so. It comes before Inject.
func (d *Drill) WatchSilent(ctx context.Context, probes ...harness.Probe) (err error) {
	defer redactError(&err)
	return d.watch(ctx, stepWatchSilent, isUnseen, probes)
}

func (d *Drill) watch(ctx context.Context, step step, as role, probes []harness.Probe) error {
	ctx, leave, err := d.enter(ctx, step)
	if err != nil {
		return err
	}
	defer leave()
	if err := d.sampling(ctx).watch(as, probes...); err != nil {
		return fmt.Errorf("%s: %w", stepInWords(step), err)
	}
	return nil
}

// Baseline begins to sample the steady state and returns when all of its probes, and those that were named as unaffected
// before, have held together for the dwell. When they do not within a few minutes, the error says of each probe that does not
// hold what it said last, and the drill can only be judged and closed.
func (d *Drill) Baseline(ctx context.Context, steady harness.SteadyState) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepBaseline)
	if err != nil {
		return err
	}
	defer leave()
	if len(steady) == 0 {
		return errors.New("baseline: the steady state has no probe: a drill that checks nothing proves nothing")
	}
	sampler := d.sampling(ctx)
	begun := d.now()
	if err := sampler.watch(isSteadyPart, steady...); err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	dwell := d.record.Objective.Dwell
	d.teller.event(begun, "phase", fmt.Sprintf("the steady state has to hold for %v", dwell))
	err = waitForSteadyState.Until(ctx, func(context.Context) error {
		slis := d.inPeace()
		since, holds := judge.TogetherSince(slis, begun, d.now(), dwell)
		if !holds {
			return errors.New(strings.Join(judge.Says(judge.Failing(slis, d.now(), dwell)), "; "))
		}
		d.proved(since + dwell)
		return nil
	})
	if err != nil {
		d.become(isBroken)
		return fmt.Errorf("baseline: %w", harness.JoinErrors(err, d.endedSystems(ctx)))
	}
	d.become(isSteady)
	return nil
}

// endedSystems says of each node whose system has ended how: there it may stand why the steady state does not hold.
func (d *Drill) endedSystems(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookAtLabLimit)
	defer cancel()
	return harness.JoinErrors(harness.SystemsEnded(ctx, d.lab)...)
}

// proved notes until when the steady state was proved.
func (d *Drill) proved(until time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.record.SteadyAt = until
}

// StartWriting begins to write into the ledgers, and returns when each has enough acknowledged
// writes for a loss to show. The writing goes on until Reconcile.
func (d *Drill) StartWriting(ctx context.Context, ledgers []harness.Ledger) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepStartWriting)
	if err != nil {
		return err
	}
	defer leave()
	if err := validLedgers(ledgers); err != nil {
		return fmt.Errorf("start writing: %w", err)
	}
	writers := d.write(ctx, ledgers)
	err = waitForWrites.Until(ctx, func(context.Context) error {
		var missing []error
		for _, writer := range writers {
			missing = append(missing, writer.enough())
		}
		return errors.Join(missing...)
	})
	if err != nil {
		d.become(isBroken)
		return fmt.Errorf("start writing: %w", err)
	}
	d.become(isWriting)
	return nil
}

// write starts one writer for each ledger.
func (d *Drill) write(ctx context.Context, ledgers []harness.Ledger) []*writer {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ledger := range ledgers {
		d.writers = append(d.writers, startWriter(ctx, ledger, d.lab, d.started))
		d.record.Ledgers = append(d.record.Ledgers, harness.RecordLedger{Name: ledger.Name()})
	}
	return slices.Clone(d.writers)
}

func validLedgers(ledgers []harness.Ledger) error {
	if len(ledgers) == 0 {
		return errors.New("there is no ledger: set NoData in the objective when the drill claims nothing about data")
	}
	seen := map[string]bool{}
	for _, ledger := range ledgers {
		switch {
		case ledger == nil:
			return errors.New("a ledger is nil")
		case ledger.Name() == "":
			return errors.New("a ledger has no name")
		case ledger.Interval() <= 0:
			return fmt.Errorf("ledger %q has the interval %v: it must be positive", ledger.Name(), ledger.Interval())
		case seen[ledger.Name()]:
			return fmt.Errorf("two ledgers are named %q", ledger.Name())
		}
		seen[ledger.Name()] = true
	}
	return nil
}

// Steady returns what the probes of the steady state have seen so far.
func (d *Drill) steady() []harness.RecordSLI {
	return d.slisThat(func(sli harness.RecordSLI) bool { return sli.Steady })
}

// inPeace are the SLIs that have to hold before the fault: the steady state, and what the fault must not touch.
func (d *Drill) inPeace() []harness.RecordSLI {
	return d.slisThat(func(sli harness.RecordSLI) bool { return sli.Steady || sli.Unaffected })
}

// slisThat is what those probes have seen so far.
func (d *Drill) slisThat(count func(harness.RecordSLI) bool) []harness.RecordSLI {
	d.mu.Lock()
	sampler := d.sampler
	d.mu.Unlock()
	return slices.DeleteFunc(sampler.slis(), func(sli harness.RecordSLI) bool { return !count(sli) })
}

// same checks that a later step speaks of the steady state that Baseline proved: recovering to less
// than what was there would be no recovery.
func (d *Drill) same(steady harness.SteadyState) error {
	var proved, named []string
	for _, sli := range d.steady() {
		proved = append(proved, sli.Name)
	}
	for _, probe := range steady {
		if probe != nil {
			named = append(named, probe.Name())
		}
	}
	slices.Sort(proved)
	slices.Sort(named)
	if !slices.Equal(proved, named) {
		return fmt.Errorf("the steady state %q is not the one that Baseline proved: %q", named, proved)
	}
	return nil
}
