package harness

import (
	"errors"
	"fmt"
	"time"
)

// An Objective says what a recovery is judged against.
type Objective struct {
	// RTO is the target of the client-observed recovery time, from t0. It must be positive, unless nobody is
	// to notice anything. It is judged, not enforced: a late recovery is still measured.
	RTO time.Duration
	// Unnoticed is the target of work that nobody may notice, such as a migration: no probe of the steady state
	// fails within DetectWithin of t0. There is nothing to recover from then, and no RTO; the drill is met when
	// Detect has found nothing, and missed when it has.
	Unnoticed bool
	// RPO is the target of the data loss, in time before t0. 0 means that no acknowledged write may be lost.
	RPO time.Duration
	// NoData says that the drill makes no claim about data: nothing is written and RPO is not judged.
	NoData bool
	// Dwell is how long the steady state must hold again before it counts as recovered; 0 means 5 s.
	Dwell time.Duration
	// DetectWithin is how long after t0 a failure has to be known, by its answer or its time limit; 0 means 60 s.
	DetectWithin time.Duration
	// GiveUpAfter is how long AwaitRecovery watches, counted from t0, declared time included; 0 means twice the RTO plus the
	// dwell. It must be longer than the RTO, or a miss could not be told from impatience.
	GiveUpAfter time.Duration
}

// Validate says in one sentence what is wrong with the objective.
func (o Objective) Validate() error {
	switch {
	case o.Unnoticed && o.RTO != 0:
		return fmt.Errorf("the RTO is %v of work that nobody may notice: there is nothing to recover from, leave it out", o.RTO)
	case o.RTO <= 0 && !o.Unnoticed:
		return fmt.Errorf("the RTO is %v: it must be longer than zero", o.RTO)
	case o.RPO < 0:
		return fmt.Errorf("the RPO is %v: it cannot be negative (0 means that no acknowledged write may be lost)", o.RPO)
	case o.Dwell < 0, o.DetectWithin < 0, o.GiveUpAfter < 0:
		return errors.New("dwell, detection limit and patience cannot be negative (0 means the default)")
	case o.GiveUpAfter > 0 && o.GiveUpAfter <= o.RTO:
		return fmt.Errorf("the patience of %v is not longer than the RTO of %v: a miss could not be told from impatience",
			o.GiveUpAfter, o.RTO)
	}
	return nil
}

// WithDefaults fills in the defaults of the fields that are zero.
func (o Objective) WithDefaults() Objective {
	if o.Dwell == 0 {
		o.Dwell = 5 * time.Second
	}
	if o.DetectWithin == 0 {
		o.DetectWithin = time.Minute
	}
	if o.GiveUpAfter == 0 && o.Unnoticed {
		o.GiveUpAfter = o.DetectWithin + o.Dwell
	}
	if o.GiveUpAfter == 0 {
		o.GiveUpAfter = 2*o.RTO + o.Dwell
	}
	return o
}
