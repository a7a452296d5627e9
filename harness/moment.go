package harness

import (
	"errors"
	"fmt"
	"time"
)

// A Moment is when a second fault strikes: before a step of a runbook, or so long after t0. Make one with [BeforeStep] or
// [AfterFault].
type Moment struct {
	Step  string        // the step's name; "" means a time after t0
	After time.Duration // from t0
}

// BeforeStep is the moment at which a runbook is about to begin the step of that name. The step waits
// for the proof that the fault bites.
func BeforeStep(name string) Moment { return Moment{Step: name} }

// AfterFault is the moment so long after t0, whatever the drill is doing then.
func AfterFault(offset time.Duration) Moment { return Moment{After: offset} }

// Within tells whether the moment comes so long after t0 although nobody takes a step of a runbook.
func (m Moment) Within(offset time.Duration) bool { return m.Step == "" && m.After < offset }

// Validate says in one sentence why it cannot come.
func (m Moment) Validate() error {
	if (m.Step == "") == (m.After <= 0) {
		return errors.New("it strikes either before a step that has a name or some time after the first fault")
	}
	return nil
}

// String says when, for the record.
func (m Moment) String() string {
	if m.Step != "" {
		return fmt.Sprintf("before the step %q", m.Step)
	}
	return fmt.Sprintf("%v after the first fault", m.After)
}
