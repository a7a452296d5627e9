//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
	"github.com/reprise-dr/reprise/reports"
)

// k3sTarget is how much longer a lab may take until its Kubernetes node is Ready than a plain `docker run`.
const k3sTarget = 1.3

// waitForNode looks often: its interval is the figures' resolution.
var waitForNode = harness.Wait{For: "the node to be Ready", Interval: 100 * time.Millisecond, Limit: 3 * time.Minute}

// k3sGroup is what the report calls the figures.
const k3sGroup = "Kubernetes node Ready"

// A nodeReadiness says how long one lab took until its node was Ready, and on what.
type nodeReadiness struct {
	stages lab.Stages
	whole  time.Duration // from the call of Start
}

// measureK3s starts a node of Kubernetes by the docker command and in a lab, by turns. An engine that
// cannot run such nodes is no error: the report says so.
func (b *bench) measureK3s(ctx context.Context) error {
	connection, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	references, err := image.Resolve(ctx, connection, []harness.Image{b.kubernetes.Nodes[0].System.Image}, 1, image.Plain(b.out))
	if err != nil {
		return err
	}
	// The first lab is not measured: it shows what the engine can do, and both kinds meet warm caches.
	err = b.withLab(ctx, b.kubernetes, func(context.Context, *lab.Lab) error { return nil })
	if errors.Is(err, doctor.ErrUnfit) {
		b.report.add(Figure{Group: k3sGroup, Name: "not measured", Found: []string{err.Error()}, Verdict: unknown})
		return nil
	}
	if err != nil {
		return err
	}
	return b.compareNodes(ctx, references[0])
}

// compareNodes measures node after node.
func (b *bench) compareNodes(ctx context.Context, image string) error {
	var plain []time.Duration
	var labs []nodeReadiness
	for turn := range b.Runs {
		alone, err := b.readyPlain(ctx, image)
		if err != nil {
			return fmt.Errorf("docker run %d: %w", turn+1, err)
		}
		inLab, err := b.readyNode(ctx)
		if err != nil {
			return fmt.Errorf("lab of Kubernetes %d: %w", turn+1, err)
		}
		plain, labs = append(plain, alone), append(labs, inLab)
		b.say("turn %d of %d: Kubernetes node Ready in a lab in %s, by docker run in %s",
			turn+1, b.Runs, reports.FormatDuration(inLab.whole), reports.FormatDuration(alone))
	}
	b.report.add(nodeFigures(labs, plain)...)
	return nil
}

// readyNode measures one lab from the call of Start.
func (b *bench) readyNode(ctx context.Context) (nodeReadiness, error) {
	var ready nodeReadiness
	began := time.Now()
	err := b.withLab(ctx, b.kubernetes, func(ctx context.Context, cluster *lab.Lab) error {
		ready.stages = cluster.Stages()
		err := awaitNode(ctx, cluster)
		ready.whole = time.Since(began)
		return err
	})
	return ready, err
}

// readyPlain measures one node from the call of `docker run`. Its network and its files are there before.
func (b *bench) readyPlain(ctx context.Context, image string) (took time.Duration, err error) {
	node, err := newPlainNode(b.kubernetes, b.run)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, node.remove(ctx)) }()
	if err := node.prepare(ctx); err != nil {
		return 0, err
	}
	node.started = time.Now()
	if err := node.start(ctx, image); err != nil {
		return 0, err
	}
	err = awaitNode(ctx, node)
	if err != nil && ctx.Err() == nil {
		return 0, fmt.Errorf("%w\n%s", err, node.lastWords(ctx))
	}
	if err != nil {
		return 0, err
	}
	return time.Since(node.started), nil
}

// awaitNode asks the API until the node is Ready, in the same way whoever runs it.
func awaitNode(ctx context.Context, observer harness.Observer) error {
	return waitForNode.Until(ctx, holds(observer, harness.All(k3s.Cluster{}.NodesReady(1))))
}

func nodeFigures(labs []nodeReadiness, plain []time.Duration) []Figure {
	start := func(r nodeReadiness) time.Duration {
		return r.stages.Images + r.stages.Networks + r.stages.Containers + r.stages.Processes
	}
	inLab := timing(k3sGroup, "lab: start to node Ready", parts(labs, func(r nodeReadiness) time.Duration { return r.whole }))
	alone := timing(k3sGroup, "docker run of the same image", plain)
	return []Figure{
		inLab, alone, ratio(k3sGroup, "lab ÷ docker run, medians", inLab, alone, k3sTarget),
		timing(k3sGroup, "of the lab: until k3s is started", parts(labs, start)),
		timing(k3sGroup, "of the lab: k3s until the node is Ready",
			parts(labs, func(r nodeReadiness) time.Duration { return r.whole - start(r) })),
	}
}
