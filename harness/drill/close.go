package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Judge ends the sampling and judges the record. It returns nil if and only if the verdict is the
// claimed one; otherwise the error says both, why, and what was measured against which target.
func (d *Drill) Judge() (err error) {
	defer redactError(&err)
	_, leave, err := d.enter(context.Background(), stepJudge)
	if err != nil {
		return err
	}
	defer leave()
	d.lookAtShortages()
	if err := errors.Join(d.endSecond(context.Background()), d.settle()); err != nil {
		d.note(err.Error()) // it cannot touch the figures: nothing is taken from it any more
	}
	d.judge()
	d.become(isJudged)
	judgement, claim := d.record.Judgement, d.record.Claim
	if judgement.AsClaimed {
		return nil
	}
	is, claimed := string(judgement.Verdict), string(claim.Verdict)
	if len(claim.Misses) > 0 {
		is, claimed = harness.Claim{Verdict: judgement.Verdict, Misses: judgement.Misses}.String(), claim.String()
	}
	return fmt.Errorf("the verdict is %s and %s was claimed: %s (RTA %s, RTO %v; RPA %s, RPO %v)",
		is, claimed, strings.Join(judgement.Reasons, "; "),
		actualTime(judgement), d.record.Objective.RTO, actualLoss(judgement), d.record.Objective.RPO)
}

// actualTime writes the RTA, also of a service that is not back.
func actualTime(judgement harness.Judgement) string {
	if !judgement.Recovered {
		return fmt.Sprintf("more than %v", words.Figure(judgement.RTA))
	}
	return words.Figure(judgement.RTA).String()
}

// actualLoss writes the RPA, also of data that nobody has looked at.
func actualLoss(judgement harness.Judgement) string {
	if !judgement.DataJudged {
		return "not judged"
	}
	return fmt.Sprintf("%v, %d writes lost", words.Figure(judgement.RPA), judgement.Lost)
}

// Close ends everything the drill has begun, whatever state it is in and also when ctx is at its
// end: a step under way is broken off, the sampling and the writing stop, a fault in force is
// lifted, and a drill that was not judged is. A fault that cannot be lifted is an error and makes
// the drill inconclusive, also when it was judged before. Calling Close again does nothing.
func (d *Drill) Close(ctx context.Context) (err error) {
	defer redactError(&err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	problems := []error{d.breakOff(ctx)}
	if !d.shut() {
		return nil
	}
	d.doubtUnsaved(d.saveNow())
	if !d.judged {
		d.lookAtShortages()
	}
	problems = append(problems, d.settle(), d.revert(ctx))
	d.lookAtLab(ctx) // whose loss has not kept the fault from being lifted, and ends the trust in the lab all the same
	d.stopSaving()
	d.judge()
	d.teller.end()
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("close the drill: %w", err)
	}
	return nil
}

// breakOff ends the step under way and waits until it has returned.
func (d *Drill) breakOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, endLimit)
	defer cancel()
	d.mu.Lock()
	step, end := d.step, d.endStep
	d.mu.Unlock()
	if end != nil {
		end(fmt.Errorf("the drill was closed during %s", step))
	}
	select {
	case d.turn <- struct{}{}:
		<-d.turn
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s goes on although the drill was closed", step)
	}
}

// shut keeps every later step from beginning; it returns false when that was done before.
func (d *Drill) shut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == isClosed {
		return false
	}
	d.state = isClosed
	d.step, d.detail = stepClose, ""
	return true
}

// settle ends the sampling and the writing. What was answered until now is all there is to judge.
func (d *Drill) settle() error {
	d.mu.Lock()
	sampler, writers := d.sampler, slices.Clone(d.writers)
	d.mu.Unlock()
	var problems []error
	if sampler != nil {
		ctx, cancel := context.WithTimeout(context.Background(), endLimit)
		defer cancel()
		problems = append(problems, sampler.stop(ctx))
	}
	for _, writer := range writers {
		problems = append(problems, d.finish(context.Background(), writer))
	}
	problems = append(problems, d.checkRegisters(context.Background()))
	d.teller.settle(d.now(), true)
	return errors.Join(problems...)
}

// judge completes the record, once, and judges it, again when a doubt has come up since.
func (d *Drill) judge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.judged {
		d.collect()
		d.doubtBlindProbes()
		d.noteInterruptions()
		d.noteAddresses()
		d.noteAudit()
		d.judged = true
	}
	before := verdictOf(d.record.Judgement)
	d.record.Judgement = judge.Judge(redact.Value(d.record)) // as whoever judges the record again will see it
	if verdict := verdictOf(d.record.Judgement); verdict != before {
		d.teller.event(d.now(), "verdict", verdict)
	}
}

// verdictOf is the verdict in a line.
func verdictOf(judgement harness.Judgement) string {
	return fmt.Sprintf("%s: %s", judgement.Verdict, strings.Join(judgement.Reasons, "; "))
}

// noteAddresses records where the nodes are at the end of the drill. A node that cannot be asked
// keeps the addresses it had.
func (d *Drill) noteAddresses() {
	for i, node := range d.record.Nodes {
		if addresses, err := d.lab.Addresses(node.Name); err == nil {
			d.record.Nodes[i].After = addresses
		}
	}
}

// noteInterruptions records what held the measurement up between t0 and the recovery.
func (d *Drill) noteInterruptions() {
	if d.record.Fault != nil {
		d.record.Interruptions = d.interruptions(judge.Observe(d.record).End())
	}
}

// interruptions are what held the measurement up between t0 and then for longer than
// a probe's period. What is shorter cannot move a figure by more than it already says of itself.
func (d *Drill) interruptions(until time.Duration) []harness.RecordInterruption {
	var noted []harness.RecordInterruption
	for _, interruption := range mergeInterruptions(d.lab.Interruptions()) {
		from := interruption.From.Sub(d.started)
		if interruption.Length > judge.LongestPeriod(d.record.SLIs) && from <= until && from+interruption.Length >= d.record.Fault.At {
			noted = append(noted, harness.RecordInterruption{From: from, Length: interruption.Length, Reason: interruption.Reason})
		}
	}
	return noted
}

// HeldUp tells what has held the measurement up since t0, at its worst; its Length is 0 when nothing has, and before the fault.
// It is for who has to explain, before there is a verdict, why something failed.
func (d *Drill) HeldUp() harness.RecordInterruption {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.record.Fault == nil {
		return harness.RecordInterruption{}
	}
	d.collect()
	return judge.LongestInterruption(harness.Record{Interruptions: d.interruptions(d.now())})
}

// doubtBlindProbes doubts a drill of which a probe could not be asked to the end. One that ended before its
// fault has no figure to doubt.
func (d *Drill) doubtBlindProbes() {
	if d.record.Fault == nil || d.sampler == nil {
		return
	}
	for _, problem := range d.sampler.problems(len(d.losses) > 0) {
		d.doubt(problem)
	}
}

// mergeInterruptions sorts interruptions by time and joins those that overlap and have the same
// reason: all probes are held up by the same thing.
func mergeInterruptions(interruptions []harness.Interruption) []harness.Interruption {
	slices.SortStableFunc(interruptions, func(a, b harness.Interruption) int {
		return cmp.Or(strings.Compare(a.Reason, b.Reason), a.From.Compare(b.From))
	})
	var merged []harness.Interruption
	for _, next := range interruptions {
		if len(merged) > 0 {
			last := &merged[len(merged)-1]
			if last.Reason == next.Reason && !next.From.After(last.From.Add(last.Length)) {
				last.Length = max(last.Length, next.From.Sub(last.From)+next.Length)
				continue
			}
		}
		merged = append(merged, next)
	}
	slices.SortStableFunc(merged, func(a, b harness.Interruption) int { return a.From.Compare(b.From) })
	return merged
}
