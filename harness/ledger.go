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

// Linearizability is the outcome of the check of a history.
type Linearizability string

// The outcomes. Unchecked is that of a history too long to check in time, or never recorded.
const (
	Linearizable    Linearizability = "yes"
	NotLinearizable Linearizability = "no"
	Unchecked       Linearizability = "unchecked"
)

// An Operation is one operation on one key of a register.
type Operation struct {
	Client int           `json:"client"`
	Key    int           `json:"key"`
	Kind   OperationKind `json:"kind"`
	// Value is what was written, or for a read what was found; 0 stands for a key that is not there,
	// so that written values begin at 1 and are unique.
	Value int `json:"value"`
	// Expected is the value that a compare-and-set replaces.
	Expected int              `json:"expected,omitempty"`
	Call     time.Duration    `json:"call_ns"`
	Return   time.Duration    `json:"return_ns"` // when the client gave up, if the outcome is unknown
	Outcome  OperationOutcome `json:"outcome"`
	// Bad marks the operations that no order explains.
	Bad bool `json:"bad,omitempty"`
}

// OperationKind is what an operation does.
type OperationKind string

// The kinds of operations.
const (
	OperationRead          OperationKind = "read"
	OperationWrite         OperationKind = "write"
	OperationCompareAndSet OperationKind = "compare-and-set"
)

// OperationOutcome is what the client knows of an operation.
type OperationOutcome string

// The outcomes. A refused operation certainly did not happen, or, for a compare-and-set, found another
// value than the expected one. An unknown one may have happened at any time since its call.
const (
	OperationDone    OperationOutcome = "ok"
	OperationRefused OperationOutcome = "refused"
	OperationUnknown OperationOutcome = "unknown"
)

// A Register is a set of keys that several clients read and write at the same time. Whether one order
// of all operations explains what every client saw (linearizability) is checked by the drill at its end:
// a stale read and a write that came back are caught that way, which a ledger of unique entries cannot see.
type Register interface {
	Name() string
	// Clients is how many clients work at the same time, each by way of its own server.
	Clients() int
	// Interval is the time between two operations of one client.
	Interval() time.Duration
	// Do carries out one operation of which client, key, kind, value and expected value are given. It
	// returns the value that a read found. ErrRefused (wrapped) means that it certainly did not happen,
	// or that a compare-and-set found another value; any other error leaves the outcome unknown.
	Do(ctx context.Context, observer Observer, operation Operation) (value int, err error)
}
