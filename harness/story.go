package harness

import (
	"context"
	"time"
)

// A Probe is a read-only claim that is true in peace: "three Nomad servers agree on a leader".
type Probe interface {
	// Name identifies the SLI in reports, such as "nomad quorum of 3".
	Name() string
	// Period is the time between two questions, and so the resolution of the figures. The schedule is
	// kept whatever the answers.
	Period() time.Duration
	// Check asks once. Nil means the claim holds; an error says what was seen instead. It should
	// return soon after ctx ends: its deadline is the probe's time limit.
	Check(ctx context.Context, observer Observer) error
}

// SteadyState is a conjunction of probes: it holds when every one of them does.
type SteadyState []Probe

// All makes a steady state of probes.
func All(probes ...Probe) SteadyState { return probes }

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

// A Register is a set of keys that several clients read and write at the same time. Whether one order
// of all operations explains what every client saw (linearizability) is checked after the drill:
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
	// Check looks for an order of the operations that explains them. It says what it found in one
	// sentence, and marks in a copy of the history's worst key which operations no order explains.
	Check(ctx context.Context, history []Operation) (found Linearizability, explanation string, marked []Operation)
}

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

// A Runbook is the operator's procedure: the thing under test.
type Runbook interface {
	Name() string
	Steps() []Step
}

// A Step is one step of a runbook.
type Step struct {
	Name string
	// Declared is time that only people or a provider take (an OS reinstall, a decision). It is never
	// slept, always added to the recovery time, always shown as declared. 0 for what is done for real.
	Declared time.Duration
	// Do does it; nil for a step that only declares time.
	Do func(ctx context.Context, operator Operator) error
}
