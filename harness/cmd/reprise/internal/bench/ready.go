//go:build bench

package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
	"github.com/reprise-dr/reprise/reports"
)

// The waits for a cluster that comes up. They look often: their interval is the figures' resolution.
var (
	waitForElections = harness.Wait{
		For: "both clusters to agree on a leader", Interval: 50 * time.Millisecond,
		Limit: 3 * time.Minute,
	}
	waitForReady = harness.Wait{For: "leaders and the job together", Interval: 50 * time.Millisecond, Limit: time.Minute}
)

// benchLook is the time one look at a cluster may take.
const benchLook = 2 * time.Second

// benchPort is where the canary serves.
const benchPort = 8080

// readyTarget is how much longer a lab may take than bare processes.
const readyTarget = 1.5

// A readiness says how long one cluster took until both products had leaders and the job ran, and on
// what. Bare processes have no stages.
type readiness struct {
	stages                lab.Stages
	elections, job, whole time.Duration
}

// measureReady starts the lab and its floor by turns, so that what changes on the machine meets both.
func (b *bench) measureReady(ctx context.Context) error {
	var labs, floors []readiness
	for turn := range b.Runs {
		inLab, err := b.readyLab(ctx)
		if err != nil {
			return fmt.Errorf("lab %d: %w", turn+1, err)
		}
		bare, err := b.readyFloor(ctx)
		if err != nil {
			return fmt.Errorf("floor %d: %w", turn+1, err)
		}
		labs, floors = append(labs, inLab), append(floors, bare)
		b.say("turn %d of %d: lab ready in %s, bare processes in %s",
			turn+1, b.Runs, reports.FormatDuration(inLab.whole), reports.FormatDuration(bare.whole))
	}
	b.report.add(readyFigures(labs, floors)...)
	return nil
}

// readyLab measures one lab from the call of Start, then kills its systems by the docker command.
func (b *bench) readyLab(ctx context.Context) (readiness, error) {
	var ready readiness
	began := time.Now()
	err := b.withLab(ctx, b.cluster, func(ctx context.Context, cluster *lab.Lab) error {
		ready.stages = cluster.Stages()
		if err := ready.await(ctx, cluster, began); err != nil {
			return err
		}
		return b.dockerKills(ctx, cluster)
	})
	return ready, err
}

// readyFloor measures bare processes from the start of the first one. The machine they run on is
// there before: its containers do not count.
func (b *bench) readyFloor(ctx context.Context) (readiness, error) {
	var ready readiness
	err := b.withLab(ctx, b.floor.Machine, func(ctx context.Context, machine *lab.Lab) error {
		if err := machine.AddAddresses(ctx, machine.Topology().Nodes[0].Name, b.floor.Addresses...); err != nil {
			return err
		}
		bare := newBareCluster(machine, b.floor)
		defer bare.close()
		began := time.Now()
		for _, node := range b.cluster.Nodes {
			if err := bare.Start(ctx, node.Name); err != nil {
				return err
			}
		}
		if err := ready.await(ctx, bare, began); err != nil {
			return fmt.Errorf("%w\n%s", err, bare.lastWords(context.WithoutCancel(ctx)))
		}
		return nil
	})
	return ready, err
}

// await waits as a scenario does: it gives the cluster its job, and asks both products who leads.
func (r *readiness) await(ctx context.Context, operator harness.Operator, began time.Time) error {
	quorums := harness.All(consul.Quorum(servers), nomad.Quorum(servers))
	called := time.Now()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := waitForElections.Until(groupCtx, holds(operator, quorums))
		r.elections = time.Since(called)
		return err
	})
	group.Go(func() error { return nomad.Run(groupCtx, operator, nomad.Canary(benchPort)) })
	if err := group.Wait(); err != nil {
		return err
	}
	err := waitForReady.Until(ctx, holds(operator, append(quorums, nomad.Running(nomad.CanaryName))))
	r.whole = time.Since(began)
	r.job = time.Since(called) - r.elections
	return err
}

// holds is the condition that all probes hold at one look.
func holds(observer harness.Observer, steady harness.SteadyState) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, benchLook)
		defer cancel()
		group, ctx := errgroup.WithContext(ctx)
		for _, probe := range steady {
			group.Go(func() error { return probe.Check(ctx, observer) })
		}
		return group.Wait()
	}
}

func readyFigures(labs, floors []readiness) []Figure {
	const group = "Lab ready"
	whole := func(r readiness) time.Duration { return r.whole }
	inLab := timing(group, "lab: start to leaders and job", parts(labs, whole))
	bare := timing(group, "floor: bare processes on loopback", parts(floors, whole))
	figures := []Figure{inLab, bare, ratio(group, "lab ÷ floor, medians", inLab, bare, readyTarget)}
	for _, stage := range []struct {
		name string
		of   func(readiness) time.Duration
	}{
		{"looking for images", func(r readiness) time.Duration { return r.stages.Images }},
		{"networks", func(r readiness) time.Duration { return r.stages.Networks }},
		{"containers and agents", func(r readiness) time.Duration { return r.stages.Containers }},
		{"main processes", func(r readiness) time.Duration { return r.stages.Processes }},
		{"elections", func(r readiness) time.Duration { return r.elections }},
		{"job after elections", func(r readiness) time.Duration { return r.job }},
	} {
		figures = append(figures, timing(group, "of the lab: "+stage.name, parts(labs, stage.of)))
	}
	return append(figures,
		timing(group, "of the floor: elections", parts(floors, func(r readiness) time.Duration { return r.elections })),
		timing(group, "of the floor: job after elections", parts(floors, func(r readiness) time.Duration { return r.job })))
}
