package drill

import (
	"context"
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// Milestones begins to sample the claims of milestones, each of which is judged like the RTO: one that is
// reached late, or not at all, is a miss. A claim may fail in peace, as that of a machine that nobody
// has installed yet does. It comes before Inject.
func (d *Drill) Milestones(ctx context.Context, milestones ...harness.Milestone) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepMilestones)
	if err != nil {
		return err
	}
	defer leave()
	for _, milestone := range milestones {
		if err := d.milestone(ctx, milestone); err != nil {
			return fmt.Errorf("set the milestone %q: %w", milestone.Name, err)
		}
	}
	return nil
}

func (d *Drill) milestone(ctx context.Context, milestone harness.Milestone) error {
	switch {
	case milestone.Name == "":
		return errors.New("it has no name")
	case milestone.Within <= 0:
		return fmt.Errorf("its target is %v: it must be positive", milestone.Within)
	case len(milestone.Claims) == 0:
		return errors.New("it claims nothing")
	}
	kept := harness.RecordMilestone{Name: milestone.Name, Within: milestone.Within}
	sampler := d.sampling(ctx)
	for _, probe := range milestone.Claims {
		if probe == nil {
			return errors.New("a probe is nil")
		}
		kept.SLIs = append(kept.SLIs, probe.Name())
		if sampler.watches(probe.Name()) {
			continue
		}
		if err := sampler.watch(isWatched, probe); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range d.record.Milestones {
		if other.Name == milestone.Name {
			return errors.New("there is one of that name already")
		}
	}
	d.record.Milestones = append(d.record.Milestones, kept)
	return nil
}
