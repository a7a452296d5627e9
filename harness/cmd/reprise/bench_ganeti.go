package main

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/ganeti"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/reports"
)

// What is measured of Ganeti: from the call of Start until three hypervisors are one cluster whose instances serve.
const (
	ganetiGroup  = "Ganeti ready"
	ganetiNodes  = 3
	ganetiTarget = 30 * time.Second
)

// A foundation says how long one cluster took.
type foundation struct{ lab, founding, whole time.Duration }

// measureGaneti founds cluster after cluster, each on machines of its own.
func (b *bench) measureGaneti(ctx context.Context) error {
	var wholes, labs, foundings []time.Duration
	for turn := range b.runs {
		founded, err := b.foundCluster(ctx)
		if err != nil {
			return fmt.Errorf("cluster %d: %w", turn+1, err)
		}
		wholes, labs, foundings = append(wholes, founded.whole), append(labs, founded.lab), append(foundings, founded.founding)
		b.say("turn %d of %d: %d hypervisors are a cluster in %s", turn+1, b.runs, ganetiNodes, reports.FormatDuration(founded.whole))
	}
	b.report.add(timing(ganetiGroup, "start to a cluster whose instances serve", wholes).medianBelow(ganetiTarget),
		timing(ganetiGroup, "of it: the machines", labs), timing(ganetiGroup, "of it: what the operator does", foundings))
	return nil
}

// foundCluster measures one cluster from the call of Start.
func (b *bench) foundCluster(ctx context.Context) (foundation, error) {
	var founded foundation
	topology := fixtures.Ganeti(ganetiNodes)
	cluster, err := ganeti.ClusterOf(topology)
	if err != nil {
		return founded, err
	}
	steady := harness.All(ganeti.Manageable(cluster))
	for _, instance := range cluster.Instances {
		steady = append(steady, ganeti.Serves(instance))
	}
	began := time.Now()
	err = b.withLab(ctx, topology, func(ctx context.Context, machines *lab.Lab) error {
		founded.lab = time.Since(began)
		took, err := ganeti.Carry(ctx, machines, ganeti.Found{Cluster: cluster})
		if err != nil {
			return err
		}
		founded.founding = took
		err = waitForReady.Until(ctx, holds(machines, steady))
		founded.whole = time.Since(began)
		return err
	})
	return founded, err
}
