package drbd

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

// LinkOutage pulls the cable between the two, waits until clients have written on the primary, and plugs it in
// again: the fault is over when Inject returns, and what is left of it is for DRBD to settle. Reverting plugs the cable in.
type LinkOutage struct{ Pair Pair }

// Describe says what was cut.
func (l LinkOutage) Describe() string {
	return fmt.Sprintf("the link between %s and %s is down until both have noticed and %s has written", l.Pair.First,
		l.Pair.Second, l.Pair.First)
}

// Inject cuts, waits and mends.
func (l LinkOutage) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	cable, err := cableOf(lab, l.Pair)
	if err != nil {
		return nil, err
	}
	proof := ""
	impact, err := cable.pull(ctx, lab)
	outage := &fault.Injection{
		Struck: impact,
		Prove: func(context.Context) (string, error) {
			if proof == "" {
				return "", errNotDone
			}
			return proof, nil
		},
		Lift: func(ctx context.Context) error { return cable.plug(ctx, lab) },
	}
	if err != nil {
		return outage, err
	}
	amounts, err := written(ctx, lab, l.Pair.First)
	if err != nil {
		return outage, err
	}
	if err := expect(ctx, lab, l.Pair.Second, func(status Status) bool {
		return !status.Primary() &&
			status.OutOfSync == 0
	}); err != nil {
		return outage, fmt.Errorf("only %s was to write: %w", l.Pair.First, err)
	}
	proof = fmt.Sprintf("both waited for each other, %s had %d KiB that %s had not, and that one had written nothing",
		l.Pair.First, amounts[l.Pair.First], l.Pair.Second)
	return outage, cable.plug(ctx, lab)
}
