//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/internal/cputime"
	"github.com/reprise-dr/reprise/harness/lab"
)

// The targets of fingerprints: what one may take, and what looking at a node all the time may cost.
const (
	fingerprintTarget = 2 * time.Second
	fingerprintShare  = 2.0 // % of one core, at the rate of drift.NoDrift
)

const fingerprintGroup = "Fingerprint of a Debian machine"

// fingerprintCosts are what fingerprints took: for the caller, for the node, and for this program.
type fingerprintCosts struct{ wall, node, own []time.Duration }

// measureFingerprint takes fingerprints of a machine that nobody touches, at the rate at which the probe
// takes them. The first one, which reads every file, counts apart.
func (b *bench) measureFingerprint(ctx context.Context) error {
	return b.withLab(ctx, b.machines, func(ctx context.Context, cluster *lab.Lab) error {
		first, err := cluster.Fingerprint(ctx, fixtures.DriftFirst)
		if err != nil {
			return err
		}
		still, err := awaitStill(ctx, cluster, first)
		if err != nil {
			return err
		}
		packages := 0
		for _, trait := range still.Traits {
			if trait.Kind == harness.KindPackage {
				packages++
			}
		}
		costs, err := b.takeFingerprints(ctx, cluster, still)
		if err != nil {
			return err
		}
		b.report.add(
			plainFigure(fingerprintGroup, "packages", float64(packages)),
			plainFigure(fingerprintGroup, "traits", float64(len(still.Traits))),
			timing(fingerprintGroup, "the first one", []time.Duration{first.Wall}).medianBelow(fingerprintTarget),
			timing(fingerprintGroup, "the first one: processor time of the node", []time.Duration{first.CPU}),
		)
		b.report.add(costs.figures(drift.NoDrift(first, first.Node).Period())...)
		return nil
	})
}

// waitForStill allows for services that an init system starts after the lab is up, and for processes that
// count when they are a second old.
var waitForStill = harness.Wait{For: "two fingerprints in a row to be the same", Interval: 3 * time.Second, Limit: time.Minute}

// awaitStill returns the fingerprint of a machine that has started all it starts.
func awaitStill(ctx context.Context, cluster *lab.Lab, last harness.Fingerprint) (harness.Fingerprint, error) {
	looks := 0
	err := waitForStill.Until(ctx, func(ctx context.Context) error {
		if looks++; looks == 1 {
			return errors.New("it has only just started")
		}
		taken, err := cluster.Fingerprint(ctx, last.Node)
		if err != nil {
			return err
		}
		differences := drift.Compare(last, taken)
		last = taken
		if len(differences) > 0 {
			return fmt.Errorf("%d differences", len(differences))
		}
		return nil
	})
	return last, err
}

// takeFingerprints takes as many as faults are injected, and makes sure that they are all the same.
func (b *bench) takeFingerprints(ctx context.Context, cluster *lab.Lab, first harness.Fingerprint) (fingerprintCosts, error) {
	var costs fingerprintCosts
	ticker := time.NewTicker(drift.NoDrift(first, first.Node).Period())
	defer ticker.Stop()
	for turn := range b.Faults {
		select {
		case <-ctx.Done():
			return costs, ctx.Err()
		case <-ticker.C:
		}
		before := cputime.Used()
		taken, err := cluster.Fingerprint(ctx, first.Node)
		if err != nil {
			return costs, err
		}
		if differences := drift.Compare(first, taken); len(differences) > 0 {
			return costs, fmt.Errorf("fingerprint %d differs from the first although nobody touched the machine: %v", turn+1, differences)
		}
		costs.wall, costs.node, costs.own = append(costs.wall, taken.Wall), append(costs.node, taken.CPU),
			append(costs.own, cputime.Used()-before)
	}
	return costs, nil
}

func (c fingerprintCosts) figures(period time.Duration) []Figure {
	node, own := timing(fingerprintGroup, "the others: processor time of the node", c.node),
		timing(fingerprintGroup, "the others: processor time of this program", c.own)
	share := plainFigure(fingerprintGroup, fmt.Sprintf("%% of one core of the node, one every %v", period),
		100*node.Median.Seconds()/period.Seconds())
	share.Target, share.Verdict = fmt.Sprintf("< %g", fingerprintShare), judged(*share.Number < fingerprintShare)
	return []Figure{timing(fingerprintGroup, "the others", c.wall).tailBelow(fingerprintTarget), node, own, share}
}
