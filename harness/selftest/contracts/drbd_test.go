package contracts

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
)

const drbdLabel = "drbd"

// drbdLimit allows for machines that are software, one of which boots within a part.
const drbdLimit = 6 * time.Minute

var _ = Describe("On two machines with one replicated disk", Label(large, drbdLabel), Ordered, ContinueOnFailure, func() {
	pair, err := drbd.PairOf(fixtures.DRBDPair())
	if err != nil {
		panic(err) // there are no specs without it
	}
	run(fixtures.DRBDPair(), func(func() *lab.Lab) parts { return drbdParts(pair) },
		func(ctx context.Context, cluster *lab.Lab) error {
			if err := drbd.Prepare(ctx, cluster, pair); err != nil {
				return err
			}
			return peace(replicated(pair)...)(ctx, cluster)
		})
})

// replicated is what holds of a pair in peace.
func replicated(pair drbd.Pair) []harness.Probe {
	return append(pair.InSync(), drbd.Serves(pair), drbd.OnePrimary(pair))
}

func drbdParts(pair drbd.Pair) parts {
	const settled = "it is over when it is injected, and what it has done to the data is for DRBD or an operator to settle"
	stranger := pair
	stranger.Second = nobody
	return parts{
		limit: drbdLimit,
		probes: []labtest.ProbeCase{
			{Probe: drbd.Serves(pair)}, {Probe: drbd.OnePrimary(pair)}, {Probe: pair.InSync()[0]}, {Probe: pair.Primaries()[0]},
		},
		sequence: []spec{
			prepared("clients write wherever they can", func(ctx context.Context, cluster *lab.Lab) error {
				return writeWhereMounted(ctx, cluster, pair)
			}),
			struck(labtest.FaultCase{
				Fault: drbd.LinkOutage{Pair: pair}, Refused: nowhere(drbd.LinkOutage{Pair: stranger}), Lasting: settled,
			}),
			prepared("DRBD has settled the outage", peace(replicated(pair)...)),
			struck(labtest.FaultCase{
				Fault:   drbd.SplitBrain{Pair: pair, Job: drbd.Journal},
				Refused: nowhere(drbd.SplitBrain{Pair: stranger}), Lasting: settled,
			}),
			carriedOut(labtest.RunbookCase{Runbook: drbd.RemoveJob(pair.Second, drbd.Journal)}),
			carriedOut(labtest.RunbookCase{Runbook: pair.DiscardStaleSide(pair.Second), Promises: replicated(pair)}),
			struck(labtest.FaultCase{
				Fault: drbd.DiskLost{Node: pair.Second}, Refused: nowhere(drbd.DiskLost{Node: nobody}), Lasting: settled,
			}),
			carriedOut(labtest.RunbookCase{Runbook: drbd.RecreateDisk(pair.Second), Promises: replicated(pair)}),
			prepared("the primary loses its power, and the other one misses it", func(ctx context.Context, cluster *lab.Lab) error {
				return losePrimary(ctx, cluster, pair)
			}),
			carriedOut(labtest.RunbookCase{Runbook: drbd.Promote(pair.Second), Promises: harness.All(drbd.Serves(pair))}),
			carriedOut(labtest.RunbookCase{Runbook: drbd.PowerOn(pair.First), Promises: replicated(pair)}),
		},
	}
}

// writeWhereMounted has both machines write to the disk each second, as long as they have mounted it.
func writeWhereMounted(ctx context.Context, cluster *lab.Lab, pair drbd.Pair) error {
	const loop = "(while :; do ! grep -q ' /srv ' /proc/mounts || { date > /srv/contract; sync; }; sleep 1; done) " +
		">/dev/null 2>&1 </dev/null &"
	for _, node := range pair.Both() {
		if _, err := cluster.Exec(ctx, node, "sh", "-c", loop); err != nil {
			return err
		}
	}
	return nil
}

// losePrimary returns when the other one has noticed: DRBD does not let it be primary before.
func losePrimary(ctx context.Context, cluster *lab.Lab, pair drbd.Pair) error {
	if err := cluster.PowerOff(ctx, pair.First); err != nil {
		return err
	}
	return waitForPeace.Until(ctx, func(ctx context.Context) error {
		status, err := drbd.Look(ctx, cluster, pair.Second)
		if err == nil && status.Connection != "WFConnection" {
			err = fmt.Errorf("%s: %s", pair.Second, status)
		}
		return err
	})
}
