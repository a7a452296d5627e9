package fault

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// NoFault does nothing. It is the control arm: a drill that detects a failure without a fault has
// a steady state that proves nothing.
type NoFault struct{}

// Describe names it.
func (NoFault) Describe() string { return "no fault (control arm)" }

// Inject stamps a t0 and touches nothing.
func (NoFault) Inject(context.Context, harness.Lab) (harness.Injection, error) {
	return &Injection{
		Struck: harness.Impact{Before: time.Now()},
		Prove:  func(context.Context) (string, error) { return "nothing was touched", nil },
		Lift:   func(context.Context) error { return nil },
	}, nil
}
