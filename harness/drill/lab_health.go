package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

const (
	// lookAtLabEvery is how soon the loss of a part of the lab is noticed.
	lookAtLabEvery = 200 * time.Millisecond
	// lookAtLabLimit bounds one look, in which an engine that is gone may leave a question unanswered.
	lookAtLabLimit = 10 * time.Second
)

// watchLab ends the step under way as soon as a part of the lab is gone: what the service does from then on nobody
// can tell, and what waits for it would wait for nothing. It also tells a miss as soon as it is certain.
func (d *Drill) watchLab(ctx context.Context) {
	ticker := time.NewTicker(lookAtLabEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.lookAtLab(ctx)
			d.tellMiss()
			d.teller.settle(d.now(), false)
		}
	}
}

// lookAtLab doubts a drill of which a part of the lab is gone, once for each part.
func (d *Drill) lookAtLab(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, lookAtLabLimit)
	defer cancel()
	losses := d.lab.Losses(limited)
	if ctx.Err() != nil {
		return // the look was broken off: it says nothing
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, loss := range losses {
		if slices.Contains(d.losses, loss.Part) {
			continue
		}
		d.losses = append(d.losses, loss.Part)
		d.event(d.now(), "note", loss.String())
		d.doubt(loss.String() + ": no fault does that, and from then on nobody can tell what became of the service")
		if d.lossError == nil {
			d.lossError = fmt.Errorf("%w: %s", harness.ErrLabLost, loss)
		}
	}
	if d.lossError != nil && d.endStep != nil && endsWithLab(d.step) {
		d.endStep(d.lossError)
	}
}

// endsWithLab tells whether a step has no sense in a lab of which a part is gone. Faults are lifted wherever they can be.
func endsWithLab(step step) bool { return step != stepRevert && step != stepJudge }

// lookAtShortages doubts a drill at whose end the lab was short of something that the service needs too.
func (d *Drill) lookAtShortages() {
	ctx, cancel := context.WithTimeout(context.Background(), lookAtLabLimit)
	defer cancel()
	d.lookAtLab(ctx)
	for _, shortage := range d.lab.Shortages(ctx) {
		d.Doubt(shortage)
	}
}

// A StandingFault is one that no operator may lift: it is in the network between the machines, or in the cable, and
// not on a machine. Where something on a machine has lifted it all the same, what came back then is no recovery.
type StandingFault interface {
	harness.Fault
	// Stands returns nil while the fault is in force as it was injected, else what is missing of it.
	Stands(ctx context.Context, lab harness.Lab) error
}

// confirmStanding confirms again, before anybody is credited with the recovery, the faults that no operator may lift.
func (d *Drill) confirmStanding(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, confirmLimit)
	defer cancel()
	for _, fault := range d.inForceNow() {
		standing, ok := fault.(StandingFault)
		if !ok {
			continue
		}
		err := standing.Stands(ctx, d.lab)
		if ctx.Err() != nil {
			err = errors.Join(context.Cause(ctx), err)
		}
		if err != nil {
			d.Doubt(fmt.Sprintf("what came back is no recovery: the fault, %s, which no operator may lift, was not in force any more: %s",
				fault.Describe(), oneSentence(err)))
		}
	}
}

// inForceNow are the faults that the harness has not lifted.
func (d *Drill) inForceNow() []harness.Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	var faults []harness.Fault
	if d.injection != nil {
		faults = append(faults, d.fault)
	}
	return append(faults, d.further.inForce...)
}
