package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Repair runs runbooks, step by step, and times each step. It may be called more than once. An
// error names the runbook and the step; what would come after that step is not run, and the drill
// can go on to see what becomes of the system.
func (d *Drill) Repair(ctx context.Context, runbooks ...harness.Runbook) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepRepair)
	if err != nil {
		return err
	}
	defer leave()
	for _, runbook := range runbooks {
		if runbook == nil {
			return errors.New("repair: a runbook is nil")
		}
		for _, step := range runbook.Steps() {
			if err := d.strikeBefore(ctx, step.Name); err != nil {
				return fmt.Errorf("repair: %w", err)
			}
			d.under(fmt.Sprintf("step %q of %q", step.Name, runbook.Name()))
			if err := d.run(ctx, runbook.Name(), step); err != nil {
				return fmt.Errorf("repair: runbook %q: step %q: %w", runbook.Name(), step.Name, err)
			}
		}
	}
	return nil
}

// run runs one step and records it.
func (d *Drill) run(ctx context.Context, runbook string, step harness.Step) error {
	took := harness.RecordStep{
		Runbook:      runbook,
		Name:         step.Name,
		From:         d.now(),
		Declared:     step.Declared,
		DeclaredOnly: step.Do == nil,
	}
	named := fmt.Sprintf("%s: %s", runbook, step.Name)
	if step.Do != nil {
		d.teller.event(took.From, "step", named+" begins")
	}
	var err error
	switch {
	case step.Declared < 0:
		err = fmt.Errorf("it declares %v: declared time cannot be negative", step.Declared)
		took.Declared = 0
	case ctx.Err() != nil:
		return ctx.Err()
	case step.Do != nil:
		err = step.Do(ctx, d.lab)
	}
	took.To = d.now()
	if err != nil {
		took.Error = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), harness.ErrLabLost) {
		d.doubt(fmt.Sprintf("the runbook %q was broken off at its step %q: %v", runbook, step.Name, context.Cause(ctx)))
	}
	d.doubtName(fmt.Sprintf("the step %q of the runbook %q", step.Name, runbook), err)
	d.record.Steps = append(d.record.Steps, took)
	d.keep(took.From, "step", named)
	d.teller.event(took.To, "step", named+" "+howItWent(took))
	return err
}

// doubtName doubts a drill in which something could not be done since it names what the topology has never had: that tells
// nothing of a system and its runbook. The caller holds the lock.
func (d *Drill) doubtName(what string, err error) {
	if unknown, found := errors.AsType[*harness.UnknownNameError](err); found {
		d.doubt(fmt.Sprintf("the drill itself is wrong, in %s: %v", what, unknown))
	}
}

// howItWent continues the name of a step that is over.
func howItWent(step harness.RecordStep) string {
	text := fmt.Sprintf("ends after %v", words.Figure(step.To-step.From))
	switch {
	case step.Error != "":
		return fmt.Sprintf("fails after %v: %s", words.Figure(step.To-step.From), step.Error)
	case step.DeclaredOnly:
		return fmt.Sprintf("is declared to take %v, which nobody waits for", step.Declared)
	case step.Declared > 0:
		text += fmt.Sprintf(", and is declared to take %v more, which nobody waits for", step.Declared)
	}
	return text
}

// AwaitRecovery returns when the steady state has held again for the dwell. It watches until the
// objective's patience, counted from t0 and with what the runbooks have declared, is at its end: then an error that
// wraps [harness.ErrNotRecovered] says which probes still fail and what they said last. A watch ends before that when the RTO is
// missed beyond doubt and the last runbook has stopped with an error. After a recovery it looks at every node again:
// what differs from before the fault, and what still names an address that is gone, goes into the record.
func (d *Drill) AwaitRecovery(ctx context.Context, steady harness.SteadyState) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepAwaitRecovery)
	if err != nil {
		return err
	}
	defer leave()
	if err := d.same(steady); err != nil {
		return fmt.Errorf("await the recovery: %w", err)
	}
	t0, objective, deadline := d.record.Fault.At, d.record.Objective, d.deadline()
	d.teller.event(d.now(), "phase", fmt.Sprintf("the recovery is watched for, until %v after the fault", words.Figure(deadline-t0)))
	var since, held time.Duration
	var holds, hopeless bool
	err = waitForRecovery.Until(ctx, func(context.Context) error {
		slis := d.steady()
		if together, all := judge.TogetherSince(slis, t0, deadline, 0); all && together != held {
			held = together
			d.teller.change(held, "the steady state", fmt.Sprintf("holds, and is back when it has for %v", objective.Dwell))
		}
		since, holds = judge.TogetherSince(slis, t0, deadline, objective.Dwell)
		hopeless = !holds && d.hopeless()
		if !holds && !hopeless && !d.watchedTo(deadline) {
			return errors.New(strings.Join(judge.Says(judge.Failing(slis, d.now(), objective.Dwell)), "; "))
		}
		return nil
	})
	switch {
	case err != nil:
		d.watched(max(t0, judge.AnsweredUntil(d.steady())), isUnrecovered) // what was asked since has no answer yet
		return fmt.Errorf("await the recovery: %w", err)
	case !holds:
		if hopeless {
			deadline = d.now()
		}
		d.watched(deadline, isUnrecovered)
		return fmt.Errorf("await the recovery: %w within %v of the fault: %s", harness.ErrNotRecovered, words.Figure(deadline-t0),
			strings.Join(judge.Says(judge.Failing(d.steady(), deadline, objective.Dwell)), "; "))
	}
	d.confirmStanding(ctx)
	d.recovered(since)
	d.watched(since+objective.Dwell, isRecovered)
	d.auditAfter(ctx)
	return nil
}

// watched notes the end of the watch: no sample that is due later counts for the recovery.
func (d *Drill) watched(until time.Duration, next state) {
	d.mu.Lock()
	d.record.WatchedUntil = until
	d.mu.Unlock()
	d.become(next)
}

func (d *Drill) recovered(since time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event(since, "recover", "the steady state holds again")
}

// Reconcile ends the writing and reads every ledger back: which acknowledged writes are gone, and
// which others have come to stay. Registers are ended and checked too. A ledger that cannot be read within a minute is an
// error that names it, and makes the drill inconclusive.
func (d *Drill) Reconcile(ctx context.Context, ledgers []harness.Ledger) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepReconcile)
	if err != nil {
		return err
	}
	defer leave()
	d.mu.Lock()
	writers := slices.Clone(d.writers)
	d.mu.Unlock()
	if err := sameLedgers(writers, ledgers); err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	var problems []error
	for _, writer := range writers {
		if err := d.finish(ctx, writer); err != nil {
			problems = append(problems, err)
		}
	}
	for _, writer := range writers {
		if err := d.readBack(ctx, writer); err != nil {
			problems = append(problems, fmt.Errorf("read back %q: %w", writer.ledger.Name(), err))
			continue
		}
		d.teller.event(d.now(), "data", keptOf(writer.record(d.record.Fault.At)))
	}
	problems = append(problems, d.checkRegisters(ctx))
	d.become(isReconciled)
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	return nil
}

// keptOf says what became of a ledger's entries.
func keptOf(ledger harness.RecordLedger) string {
	acknowledged := words.Counted(ledger.Acknowledged, "acknowledged write")
	text := fmt.Sprintf("%q is read back: %s, %d lost", ledger.Name, acknowledged, ledger.Lost)
	if ledger.UnknownKept+ledger.Reappeared > 0 {
		text += fmt.Sprintf("; %d more are there that nobody acknowledged", ledger.UnknownKept+ledger.Reappeared)
	}
	return text
}

// finish ends a writer. What does not end is noted and counts as unknown.
func (d *Drill) finish(ctx context.Context, writer *writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWritesLimit)
	defer cancel()
	return writer.stop(ctx)
}

// readBack reads a ledger back, and doubts entries that nobody has written.
func (d *Drill) readBack(ctx context.Context, writer *writer) error {
	err := waitForReading.Until(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, readLimit)
		defer cancel()
		return writer.read(ctx)
	})
	if err != nil {
		return err
	}
	if foreign := writer.foreign(); len(foreign) > 0 {
		d.Doubt(fmt.Sprintf("ledger %q lists %d entries that this drill never wrote, such as %d: somebody else writes there",
			writer.ledger.Name(), len(foreign), foreign[0]))
	}
	return nil
}

// sameLedgers checks that what is read back is what was written.
func sameLedgers(writers []*writer, ledgers []harness.Ledger) error {
	var written, named []string
	for _, writer := range writers {
		written = append(written, writer.ledger.Name())
	}
	for _, ledger := range ledgers {
		if ledger != nil {
			named = append(named, ledger.Name())
		}
	}
	slices.Sort(written)
	slices.Sort(named)
	if !slices.Equal(written, named) {
		return fmt.Errorf("the ledgers %q are not those that are being written: %q", named, written)
	}
	if len(written) == 0 {
		return fmt.Errorf("%w: nothing was written: StartWriting comes before Inject", harness.ErrOrder)
	}
	return nil
}
