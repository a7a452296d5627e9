package probe

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Func is a probe that a function of this process answers.
type Func struct {
	Label string        // what is claimed, such as "one node alone takes orders"; the SLI's name
	Every time.Duration // the period; it must be positive
	// Ask is the probe's Check: nil means that the claim holds.
	Ask func(ctx context.Context, observer harness.Observer) error
}

// Name is the label.
func (f Func) Name() string { return f.Label }

// Period is how often the function is asked.
func (f Func) Period() time.Duration { return f.Every }

// Check asks once.
func (f Func) Check(ctx context.Context, observer harness.Observer) error {
	return f.Ask(ctx, observer)
}
