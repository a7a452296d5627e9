//go:build bench

package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
	"github.com/reprise-dr/reprise/reports"
)

// What is measured of the pair of guests with Ganeti and DRBD: from the call of Start until clients get what is on the
// instance's disk, and until both disks are known to have the same.
const (
	pairGroup  = "full pair from its snapshot"
	pairTarget = 15 * time.Second
)

// waitForPair allows for a busy machine that has to read two machines' memory.
var waitForPair = harness.Wait{For: "the pair to go on", Interval: 50 * time.Millisecond, Limit: 3 * time.Minute}

// A restoration says how long one pair took.
type restoration struct{ lab, serving, mirrored time.Duration }

// measurePair restores pair after pair, each on nodes of its own.
func (b *bench) measurePair(ctx context.Context) error {
	var all []restoration
	for turn := range b.Runs {
		restored, err := b.restorePair(ctx)
		if err != nil {
			return fmt.Errorf("pair %d: %w", turn+1, err)
		}
		all = append(all, restored)
		b.say("turn %d of %d: the pair serves after %s", turn+1, b.Runs, reports.FormatDuration(restored.serving))
	}
	of := func(name string, part func(restoration) time.Duration) Figure {
		return timing(pairGroup, name, parts(all, part))
	}
	b.report.add(
		of("start to a page from the instance's disk", func(r restoration) time.Duration { return r.serving }).medianBelow(pairTarget),
		of("of it: the nodes", func(r restoration) time.Duration { return r.lab }),
		of("start to both disks known to be the same", func(r restoration) time.Duration { return r.mirrored }))
	return nil
}

// restorePair measures one pair from the call of Start.
func (b *bench) restorePair(ctx context.Context) (restoration, error) {
	var restored restoration
	topology := fixtures.GanetiPair()
	pair, err := drbd.PairAmong(topology, ganeti.Role)
	if err != nil {
		return restored, err
	}
	began := time.Now()
	err = b.withLab(ctx, topology, func(ctx context.Context, machines *lab.Lab) error {
		restored.lab = time.Since(began)
		if err := waitForPair.Until(ctx, holds(machines, harness.All(drbd.Serves(pair)))); err != nil {
			return err
		}
		restored.serving = time.Since(began)
		err := waitForPair.Until(ctx, holds(machines, append(pair.InSync(), drbd.OnePrimary(pair))))
		restored.mirrored = time.Since(began)
		return err
	})
	return restored, err
}
