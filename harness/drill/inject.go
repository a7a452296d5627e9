package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Inject takes the fingerprint of every node that runs a system, then brings the fault about and proves that it bites. A
// fault that was injected and not proved is an error and a doubt, and stays in force until Revert or Close.
func (d *Drill) Inject(ctx context.Context, fault harness.Fault) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepInject)
	if err != nil {
		return err
	}
	defer leave()
	if fault == nil {
		return errors.New("inject: there is no fault: a control arm injects fault.NoFault")
	}
	if err := d.saveNow(); err != nil {
		d.doubtUnsaved(err)
		return fmt.Errorf("inject %s: save the record before the fault: %w", fault.Describe(), err)
	}
	d.auditBefore(ctx)
	if err := d.awaitPhase(ctx); err != nil {
		return fmt.Errorf("inject %s: %w", fault.Describe(), err)
	}
	d.teller.event(d.now(), "inject", "the fault is brought about")
	called := time.Now()
	injection, err := fault.Inject(ctx, d.lab)
	returned := time.Now()
	if err != nil {
		err = fmt.Errorf("inject %s: %w", fault.Describe(), err)
		d.Doubt(err.Error())
	}
	if injection == nil {
		if err == nil {
			err = fmt.Errorf("inject %s: it returned neither an injection nor an error", fault.Describe())
			d.Doubt(err.Error())
		}
		d.become(isBroken)
		return err
	}
	d.inForce(fault, injection, called, returned)
	d.become(isInjected)
	if d.closed() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		return errors.Join(err, context.Cause(ctx), d.revert(late)) // Close could not: it did not know yet
	}
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	if err := d.confirm(ctx, fault, injection); err != nil {
		return err
	}
	d.awaitMoments(ctx)
	return nil
}

// awaitPhase puts the fault off by the plan's phase.
func (d *Drill) awaitPhase(ctx context.Context) error {
	if d.record.Phase == 0 {
		return nil
	}
	d.note(fmt.Sprintf("the fault is put off by %v", d.record.Phase))
	timer := time.NewTimer(d.record.Phase)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// inForce records the fault.
func (d *Drill) inForce(fault harness.Fault, injection harness.Injection, called, returned time.Time) {
	impact := injection.Impact()
	if impact.Before.IsZero() { // it failed before anything was struck: what there is to lift dates from the call at the earliest
		impact.Before = called
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.injection = fault, injection
	if !impact.StruckWithin(called, returned) {
		d.doubt(fmt.Sprintf("the fault says that it struck at %v, outside of its call from %v to %v: the clocks disagree",
			impact.Before.Sub(d.started), called.Sub(d.started), returned.Sub(d.started)))
	}
	recorded := recordFault(fault, impact, d.started)
	recorded.Returned = returned.Sub(d.started)
	d.record.Fault = &recorded
	d.event(d.record.Fault.At, "fault", fault.Describe())
}

// recordFault is a fault as it struck.
func recordFault(fault harness.Fault, impact harness.Impact, started time.Time) harness.RecordFault {
	return harness.RecordFault{
		Description: fault.Describe(), At: impact.Before.Sub(started), Uncertainty: impact.Uncertainty,
		Skew: impact.Skew(), Effects: append([]harness.Effect{}, impact.Effects...),
	}
}

func (d *Drill) confirm(ctx context.Context, fault harness.Fault, injection harness.Injection) error {
	err := d.prove(ctx, injection, func(proof string) { d.record.Fault.Confirmed = proof })
	if err != nil {
		err = fmt.Errorf("confirm %s: %w", fault.Describe(), err)
		d.Doubt(err.Error())
	}
	return err
}

// prove has an injection prove that it bites, and keeps the proof.
func (d *Drill) prove(ctx context.Context, injection harness.Injection, keep func(proof string)) error {
	ctx, cancel := context.WithTimeout(ctx, confirmLimit)
	defer cancel()
	proof, err := injection.Confirm(ctx)
	switch {
	case err != nil:
		return err
	case proof == "":
		return errors.New("the proof is empty")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	keep(proof)
	d.teller.event(d.now(), "confirm", proof)
	return nil
}

// Detect returns when a failure of a probe of the steady state since t0 is known. It looks at every sample
// since then and not at the present: an outage that is over counts. An error that wraps
// [harness.ErrNotDetected] says that none was known within the objective's DetectWithin.
func (d *Drill) Detect(ctx context.Context, steady harness.SteadyState) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepDetect)
	if err != nil {
		return err
	}
	defer leave()
	if err := d.same(steady); err != nil {
		return fmt.Errorf("detect: %w", err)
	}
	limit := d.record.Objective.DetectWithin
	deadline := d.record.Fault.At + limit
	var observed judge.Observation
	err = waitForFailure.Until(ctx, func(context.Context) error {
		observed = judge.Observe(d.soFar())
		if !observed.Detected && !d.watchedTo(deadline) {
			return errors.New("nothing has failed yet")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("detect: %w", err)
	}
	if !observed.Detected {
		d.become(isUndetected)
		return fmt.Errorf("detect %s: %w: none of %d probes failed within %v", d.record.Fault.Description, harness.ErrNotDetected,
			len(observed.Steady), limit)
	}
	d.detected(observed)
	return nil
}

// soFar is the part of the record that detection and recovery follow from.
func (d *Drill) soFar() harness.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	return harness.Record{
		Objective: d.record.Objective, SteadyAt: d.record.SteadyAt, Fault: d.record.Fault,
		Steps: slices.Clone(d.record.Steps), SLIs: d.sampler.slis(),
	}
}

// watchedTo tells whether all that the probes have to say about the time up to the offset is known.
func (d *Drill) watchedTo(deadline time.Duration) bool {
	return d.now() > deadline && d.sampler.unanswered(deadline) == 0
}

func (d *Drill) detected(observed judge.Observation) {
	d.mu.Lock()
	for _, outage := range observed.Outages {
		if outage.Steady && outage.Known == observed.TTD {
			d.event(d.record.Fault.At+outage.Known, "detect", fmt.Sprintf("%q fails", outage.SLI))
		}
	}
	d.mu.Unlock()
	d.become(isDetected)
}

// Revert lifts the fault. What comes back after it was brought back by the harness, not by the
// system or its operator. An error is a doubt as well.
func (d *Drill) Revert(ctx context.Context) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepRevert)
	if err != nil {
		return err
	}
	defer leave()
	return d.revert(ctx)
}

// revert lifts all faults in force, the last one first.
func (d *Drill) revert(ctx context.Context) error {
	return errors.Join(d.endSecond(ctx), d.revertSecond(ctx), d.revertFirst(ctx))
}

func (d *Drill) revertFirst(ctx context.Context) error {
	d.mu.Lock()
	injection := d.injection
	d.mu.Unlock()
	if injection == nil {
		return nil
	}
	began := d.now()
	err := injection.Revert(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("lift %s: %w", d.record.Fault.Description, err)
		d.doubt(err.Error())
		return err
	}
	d.injection = nil
	d.record.Fault.RevertedAt = began
	d.event(began, "revert", "the harness lifts the fault: "+d.record.Fault.Description)
	return nil
}
