package harness

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// clockTolerance is how far outside of the call t0 may lie before the clock comparison is doubted,
// beyond the uncertainty that the fault states itself.
const clockTolerance = 100 * time.Millisecond

// Inject brings the fault about and proves that it bites. A fault that was injected and not proved
// is an error and a doubt, and stays in force until Revert or Close.
func (d *Drill) Inject(ctx context.Context, fault Fault) error {
	ctx, leave, err := d.enter(ctx, "Inject")
	if err != nil {
		return err
	}
	defer leave()
	if fault == nil {
		return errors.New("inject: there is no fault: a control arm injects fault.NoFault")
	}
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
	return d.confirm(ctx, fault, injection)
}

// inForce records the fault.
func (d *Drill) inForce(fault Fault, injection Injection, called, returned time.Time) {
	strike := injection.Strike()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.injection = injection
	tolerance := strike.Uncertainty + clockTolerance
	if strike.Before.Before(called.Add(-tolerance)) || strike.Before.After(returned.Add(tolerance)) {
		d.doubt(fmt.Sprintf("the fault says that it struck at %v, outside of its call from %v to %v: the clocks disagree",
			strike.Before.Sub(d.started), called.Sub(d.started), returned.Sub(d.started)))
	}
	d.record.Fault = &RecordFault{
		Description: fault.Describe(), At: strike.Before.Sub(d.started), Uncertainty: strike.Uncertainty,
		Skew: strike.Skew(), Effects: append([]Effect{}, strike.Effects...),
	}
	d.event(d.record.Fault.At, "fault", fault.Describe())
}

func (d *Drill) confirm(ctx context.Context, fault Fault, injection Injection) error {
	ctx, cancel := context.WithTimeout(ctx, confirmLimit)
	defer cancel()
	proof, err := injection.Confirm(ctx)
	if err == nil && proof == "" {
		err = errors.New("the proof is empty")
	}
	if err != nil {
		err = fmt.Errorf("confirm %s: %w", fault.Describe(), err)
		d.Doubt(err.Error())
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.record.Fault.Confirmed = proof
	return nil
}

// Detect returns when a probe of the steady state has failed since t0. It looks at every sample
// since then and not at the present: an outage that is over counts. An error that wraps
// [ErrNotDetected] says that none failed within the objective's DetectWithin.
func (d *Drill) Detect(ctx context.Context, steady SteadyState) error {
	ctx, leave, err := d.enter(ctx, "Detect")
	if err != nil {
		return err
	}
	defer leave()
	if err := d.same(steady); err != nil {
		return fmt.Errorf("detect: %w", err)
	}
	limit := d.record.Objective.DetectWithin
	deadline := d.record.Fault.At + limit
	var observed observation
	err = waitForFailure.Until(ctx, func(context.Context) error {
		observed = observe(d.soFar())
		if !observed.detected && !d.watchedTo(deadline) {
			return errors.New("nothing has failed yet")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("detect: %w", err)
	}
	if !observed.detected {
		d.become(isUndetected)
		return fmt.Errorf("detect %s: %w: none of %d probes failed within %v", d.record.Fault.Description, ErrNotDetected, len(observed.steady), limit)
	}
	d.detected(observed)
	return nil
}

// soFar is the part of the record that detection and recovery follow from.
func (d *Drill) soFar() Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Record{Objective: d.record.Objective, SteadyAt: d.record.SteadyAt, Fault: d.record.Fault, SLIs: d.sampler.slis()}
}

// watchedTo tells whether all that the probes have to say about the time up to the offset is known.
func (d *Drill) watchedTo(deadline time.Duration) bool {
	return d.now() > deadline && d.sampler.unanswered(deadline) == 0
}

func (d *Drill) detected(observed observation) {
	d.mu.Lock()
	for _, outage := range observed.outages {
		if outage.Steady && outage.Lost == observed.ttd {
			d.event(d.record.Fault.At+outage.Lost, "detect", fmt.Sprintf("%q fails", outage.SLI))
		}
	}
	d.mu.Unlock()
	d.become(isDetected)
}

// Revert lifts the fault. What comes back after it was brought back by the harness, not by the
// system or its operator. An error is a doubt as well.
func (d *Drill) Revert(ctx context.Context) error {
	ctx, leave, err := d.enter(ctx, "Revert")
	if err != nil {
		return err
	}
	defer leave()
	return d.revert(ctx)
}

func (d *Drill) revert(ctx context.Context) error {
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
