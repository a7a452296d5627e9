package drbd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

// SplitBrain pulls the cable between the two, has the second one made primary as somebody does who takes the first for
// dead, waits until clients have written on both, and plugs the cable in again. DRBD then finds that each side has what
// the other one has not, and gives up the connection. Reverting plugs the cable in and settles nothing.
type SplitBrain struct {
	Pair Pair
	// Job, when it is not "", is a service of the second machine that is started when that one has become primary.
	Job string
}

// Describe says what was done.
func (s SplitBrain) Describe() string {
	described := fmt.Sprintf("the link between %s and %s is down, %[2]s is made primary too, both write, and the link is back",
		s.Pair.First, s.Pair.Second)
	if s.Job != "" {
		described += fmt.Sprintf("; on %s the job %s has begun", s.Pair.Second, s.Job)
	}
	return described
}

// Inject does so. It returns when the link is back.
func (s SplitBrain) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	cable, err := cableOf(lab, s.Pair)
	if err != nil {
		return nil, err
	}
	var amounts map[string]int
	impact, err := cable.pull(ctx, lab)
	split := &fault.Injection{
		Struck: impact,
		Prove:  func(ctx context.Context) (string, error) { return s.confirm(ctx, lab, amounts) },
		Lift:   func(ctx context.Context) error { return cable.plug(ctx, lab) },
	}
	if err != nil {
		return split, err
	}
	if err := promote(ctx, lab, s.Pair.Second); err != nil {
		return split, err
	}
	if s.Job != "" {
		if err := startJob(ctx, lab, s.Pair.Second, s.Job); err != nil {
			return split, err
		}
	}
	if amounts, err = written(ctx, lab, s.Pair.Both()...); err != nil {
		return split, err
	}
	return split, cable.plug(ctx, lab)
}

// splitBrainLine is what DRBD says in the kernel's log when it has found one that it was not told how to settle.
const splitBrainLine = "Split-Brain detected but unresolved, dropping connection!"

// confirm waits until both kernels have found out. One side may go on waiting for the other, which has
// given up.
func (s SplitBrain) confirm(ctx context.Context, lab harness.Lab, amounts map[string]int) (string, error) {
	if amounts == nil {
		return "", errNotDone
	}
	var found []string
	err := waitForSplitBrain.Until(ctx, func(ctx context.Context) error {
		found = nil
		alone := false
		for _, node := range s.Pair.Both() {
			status, err := Look(ctx, lab, node)
			if err != nil {
				return err
			}
			if status.Connection != standing && status.Connection != waiting {
				return fmt.Errorf("%s: %s", node, status)
			}
			alone = alone || status.Connection == standing
			found = append(found, fmt.Sprintf("%s says %s with %d KiB of its own", node, status, amounts[node]))
		}
		if !alone {
			return errors.New("neither side has given up the connection")
		}
		return s.logged(ctx, lab)
	})
	return strings.Join(found, ", "), err
}

// standing is the connection of a side that has given it up.
const standing = "StandAlone"

// logged looks for the split brain in the kernels' logs: one side may have heard of it from the other only.
func (s SplitBrain) logged(ctx context.Context, lab harness.Lab) error {
	for _, node := range s.Pair.Both() {
		log, err := lab.Exec(ctx, node, "dmesg")
		if err != nil {
			return err
		}
		if strings.Contains(string(log), splitBrainLine) {
			return nil
		}
	}
	return fmt.Errorf("no kernel says %q", splitBrainLine)
}
