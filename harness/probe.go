package harness

import (
	"context"
	"fmt"
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

// Check is nil when every probe holds, asked one after the other, and else says which one does not.
func (s SteadyState) Check(ctx context.Context, observer Observer) error {
	for _, probe := range s {
		if err := probe.Check(ctx, observer); err != nil {
			return fmt.Errorf("%s: %w", probe.Name(), err)
		}
	}
	return nil
}

// All makes a steady state of probes.
func All(probes ...Probe) SteadyState { return probes }
