// Package injection is a fault in force, for packages that drive one product and have faults of their own. Only they
// import it.
package injection

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
)

// An Injection is a fault in force: when it struck, how to prove it and how to lift it. It is a [harness.Injection].
type Injection struct {
	Struck harness.Impact
	Prove  func(ctx context.Context) (string, error)
	Lift   func(ctx context.Context) error // nil: there is nothing to lift
}

// Impact is when it struck.
func (i *Injection) Impact() harness.Impact { return i.Struck }

// Confirm proves that it bites.
func (i *Injection) Confirm(ctx context.Context) (string, error) { return i.Prove(ctx) }

// Revert lifts it.
func (i *Injection) Revert(ctx context.Context) error {
	if i.Lift == nil {
		return nil
	}
	return i.Lift(ctx)
}
