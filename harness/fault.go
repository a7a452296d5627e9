package harness

import "context"

// A Fault is a cause: printable options, and how to bring it about in a lab.
type Fault interface {
	// Describe says in one line what is done to whom, such as "renumbering of 7 nodes into fd00:2::/64".
	Describe() string
	// Inject stamps t0, then acts. What it returns proves and undoes the fault. An Injection that is
	// not nil is reverted even when the error is not nil.
	Inject(ctx context.Context, lab Lab) (Injection, error)
}

// An Injection is a fault in force.
type Injection interface {
	// Impact tells when and where it took effect.
	Impact() Impact
	// Confirm proves from another vantage point than the one that acted that the fault bites.
	// The string says what was seen; an error makes the drill inconclusive.
	Confirm(ctx context.Context) (string, error)
	// Revert lifts the fault. It must be safe to call after a recovery and more than once.
	Revert(ctx context.Context) error
}
