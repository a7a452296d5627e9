package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An armedFault waits for its moment.
type armedFault struct {
	fault  harness.Fault
	when   harness.Moment
	struck bool
}

// furtherFaults is what a drill knows of its further faults.
type furtherFaults struct {
	armed      []*armedFault
	injections []harness.Injection
	inForce    []harness.Fault // those of the injections
	running    sync.WaitGroup
	cancel     context.CancelFunc // ends the waits for moments; nil before Inject
}

// DuringRecovery arms a second fault: the recovery itself is disturbed, as in real outages. It comes
// before Inject, and may be called for several faults. t0 stays that of the first fault. A fault that
// never strikes, or is not proved to bite, makes the drill inconclusive.
func (d *Drill) DuringRecovery(fault harness.Fault, when harness.Moment) (err error) {
	defer redactError(&err)
	_, leave, err := d.enter(context.Background(), stepDuringRecovery)
	if err != nil {
		return err
	}
	defer leave()
	if fault == nil {
		return errors.New("arm a second fault: there is none")
	}
	if err := when.Validate(); err != nil {
		return fmt.Errorf("arm %s: %w", fault.Describe(), err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.further.armed = append(d.further.armed, &armedFault{fault: fault, when: when})
	return nil
}

// awaitMoments lets the faults strike that are due some time after t0.
func (d *Drill) awaitMoments(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.further.cancel = cancel
	for _, armed := range d.further.armed {
		if armed.when.After <= 0 {
			continue
		}
		due := d.started.Add(d.record.Fault.At + armed.when.After)
		d.further.running.Go(func() {
			timer := time.NewTimer(time.Until(due))
			defer timer.Stop()
			select {
			case <-ctx.Done():
			case <-timer.C:
				_ = d.strikeAgain(ctx, armed) // what goes wrong is a doubt
			}
		})
	}
}

// strikeBefore lets the faults strike that are due before a step.
func (d *Drill) strikeBefore(ctx context.Context, step string) error {
	d.mu.Lock()
	var due []*armedFault
	for _, armed := range d.further.armed {
		if armed.when.Step == step && !armed.struck {
			due = append(due, armed)
		}
	}
	d.mu.Unlock()
	var problems []error
	for _, armed := range due {
		problems = append(problems, d.strikeAgain(ctx, armed))
	}
	return errors.Join(problems...)
}

// strikeAgain injects a further fault and proves that it bites.
func (d *Drill) strikeAgain(ctx context.Context, armed *armedFault) error {
	d.mu.Lock()
	armed.struck = true
	d.mu.Unlock()
	d.teller.event(d.now(), "inject", "a second fault is brought about")
	injection, err := armed.fault.Inject(ctx, d.lab)
	if err == nil && injection == nil {
		err = errors.New("it returned neither an injection nor an error")
	}
	var number int
	if injection != nil {
		number = d.inForceToo(armed.fault, injection)
	}
	if err == nil {
		err = d.prove(ctx, injection, func(proof string) { d.record.FurtherFaults[number].Confirmed = proof })
	}
	if err != nil {
		err = fmt.Errorf("inject %s %s: %w", armed.fault.Describe(), armed.when, err)
		d.Doubt(err.Error())
	}
	return err
}

// inForceToo records a further fault and returns its number.
func (d *Drill) inForceToo(fault harness.Fault, injection harness.Injection) int {
	impact := injection.Impact()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.further.injections = append(d.further.injections, injection)
	d.further.inForce = append(d.further.inForce, fault)
	recorded := recordFault(fault, impact, d.started)
	d.record.FurtherFaults = append(d.record.FurtherFaults, recorded)
	d.event(recorded.At, "fault", fault.Describe())
	return len(d.record.FurtherFaults) - 1
}

// endSecond stops waiting for moments and doubts faults whose moment never came.
func (d *Drill) endSecond(ctx context.Context) error {
	d.mu.Lock()
	cancel := d.further.cancel
	d.further.cancel = nil
	if cancel != nil {
		for _, armed := range d.further.armed {
			if !armed.struck {
				d.doubt(fmt.Sprintf("the second fault, %s, never struck: its moment, %s, did not come", armed.fault.Describe(), armed.when))
			}
		}
	}
	d.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	return waitForGroup(ctx, &d.further.running, "a second fault is still being injected")
}

// revertSecond lifts the further faults, the last one first.
func (d *Drill) revertSecond(ctx context.Context) error {
	d.mu.Lock()
	injections := d.further.injections
	d.further.injections, d.further.inForce = nil, nil
	d.mu.Unlock()
	var problems []error
	for i := len(injections) - 1; i >= 0; i-- {
		began := d.now()
		err := injections[i].Revert(ctx)
		d.mu.Lock()
		if err != nil {
			err = fmt.Errorf("lift %s: %w", d.record.FurtherFaults[i].Description, err)
			d.doubt(err.Error())
			problems = append(problems, err)
		} else {
			d.record.FurtherFaults[i].RevertedAt = began
			d.event(began, "revert", "the harness lifts the fault: "+d.record.FurtherFaults[i].Description)
		}
		d.mu.Unlock()
	}
	return errors.Join(problems...)
}
