package harness

import (
	"context"
	"time"
)

// A Ledger writes unique, numbered entries into the system under test and can list them afterwards.
type Ledger interface {
	Name() string
	// Interval is the time between two writes.
	Interval() time.Duration
	// Write writes the entry. Nil means that the system acknowledged it. ErrRefused (wrapped) means
	// that it certainly was not written; any other error leaves the outcome unknown.
	Write(ctx context.Context, observer Observer, entry int) error
	// Entries lists every entry of this drill that the system has now.
	Entries(ctx context.Context, observer Observer) ([]int, error)
}

// Ledgers makes a list of ledgers.
func Ledgers(ledgers ...Ledger) []Ledger { return ledgers }
