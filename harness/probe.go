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
