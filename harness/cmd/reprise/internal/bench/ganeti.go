//go:build bench

package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
	"github.com/reprise-dr/reprise/reports"
)

// What is measured of Ganeti: from the call of Start until three hypervisors are one cluster whose instances serve, when an
// operator founds it and when it is put back from what founding has left.
const (
	ganetiGroup  = "Ganeti ready"
	ganetiNodes  = 3
	ganetiTarget = 30 * time.Second
)

// A clusterReady says how long one cluster took.
type clusterReady struct{ lab, operator, whole time.Duration }

// measureGaneti makes cluster after cluster, each on machines of its own.
func (b *bench) measureGaneti(ctx context.Context) error {
	topology := fixtures.Ganeti(ganetiNodes)
	cluster, err := ganeti.ClusterOf(topology)
	if err != nil {
		return err
	}
	var all, restored []clusterReady
	for turn := range b.Runs {
		var snapshot ganeti.Snapshot
		founded, err := b.readyCluster(ctx, topology, cluster, ganeti.CreateCluster{Cluster: cluster},
			func(ctx context.Context, machines *lab.Lab) error {
				snapshot, err = ganeti.TakeSnapshot(ctx, machines, cluster)
				return err
			})
		if err != nil {
			return fmt.Errorf("found cluster %d: %w", turn+1, err)
		}
		again, err := b.readyCluster(ctx, topology, cluster, ganeti.Restore{Cluster: cluster, Snapshot: snapshot}, nil)
		if err != nil {
			return fmt.Errorf("restore cluster %d: %w", turn+1, err)
		}
		all, restored = append(all, founded), append(restored, again)
		b.say("turn %d of %d: %d hypervisors are a cluster in %s, and from a snapshot in %s", turn+1, b.Runs, ganetiNodes,
			reports.FormatDuration(founded.whole), reports.FormatDuration(again.whole))
	}
	whole := func(r clusterReady) time.Duration { return r.whole }
	b.report.add(
		timing(ganetiGroup, "start to a cluster whose instances serve", parts(all, whole)).medianBelow(ganetiTarget),
		timing(ganetiGroup, "of it: the machines", parts(all, func(r clusterReady) time.Duration { return r.lab })),
		timing(ganetiGroup, "of it: what the operator does", parts(all, func(r clusterReady) time.Duration { return r.operator })),
		timing(ganetiGroup, "the same from a snapshot", parts(restored, whole)))
	return nil
}

// readyCluster measures one cluster from the call of Start, and then does something with it, if anything.
func (b *bench) readyCluster(
	ctx context.Context, topology harness.Topology, cluster ganeti.Cluster, work harness.Runbook,
	then func(context.Context, *lab.Lab) error,
) (clusterReady, error) {
	var ready clusterReady
	steady := harness.All(ganeti.Manageable(cluster))
	for _, instance := range cluster.Instances {
		steady = append(steady, ganeti.Serves(instance))
	}
	began := time.Now()
	err := b.withLab(ctx, topology, func(ctx context.Context, machines *lab.Lab) error {
		ready.lab = time.Since(began)
		took, err := runbook.Run(ctx, machines, work)
		if err != nil {
			return err
		}
		ready.operator = took
		if err := waitForReady.Until(ctx, holds(machines, steady)); err != nil {
			return err
		}
		ready.whole = time.Since(began)
		if then == nil {
			return nil
		}
		return then(ctx, machines)
	})
	return ready, err
}
