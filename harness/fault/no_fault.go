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
	return &injection{
		impact:  harness.Impact{Before: time.Now()},
		confirm: func(context.Context) (string, error) { return "nothing was touched", nil },
		revert:  func(context.Context) error { return nil },
	}, nil
}
