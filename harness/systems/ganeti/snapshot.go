package ganeti

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Snapshot is what a cluster keeps on each of its nodes, its running instances included: everything that
// founding it has made. It fits nodes with the same names and addresses.
type Snapshot map[string][]byte // a compressed archive by the node's name

// snapshotFile is where a node's archive is on its way.
const snapshotFile = "/root/cluster.tgz"

// TakeSnapshot reads a cluster that nobody gives orders to. What the cluster itself is told afterwards is not in it.
func TakeSnapshot(ctx context.Context, operator harness.Operator, cluster Cluster) (Snapshot, error) {
	snapshot := Snapshot{}
	for _, node := range cluster.Nodes {
		// What a node keeps of the cluster: the configuration with its keys and jobs, SSH keys on both sides, what runs.
		err := run(ctx, operator, node, "tar", "--create", "--gzip", "--file="+snapshotFile, "--directory=/",
			"var/lib/ganeti", "root/.ssh", "etc/ssh", "run/ganeti/fake-hypervisor")
		if err != nil {
			return nil, fmt.Errorf("take a snapshot of %s: %w", node, err)
		}
		if snapshot[node], err = operator.ReadFile(ctx, node, snapshotFile); err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", node, err)
		}
		if err := operator.RemoveFile(ctx, node, snapshotFile); err != nil {
			return nil, fmt.Errorf("remove what the snapshot of %s was made in: %w", node, err)
		}
	}
	return snapshot, nil
}

// Restore has nodes that belong to no cluster go on from a snapshot: their instances serve, and their master takes orders.
type Restore struct {
	Cluster  Cluster
	Snapshot Snapshot
}

// Name says which cluster.
func (r Restore) Name() string { return "restore " + r.Cluster.Name }

// Steps put the snapshot in place on all nodes, start the daemons, and wait for the master's.
func (r Restore) Steps() []harness.Step {
	return []harness.Step{
		booted(r.Cluster),
		{Name: "unpack what the nodes had, and start their own daemons", Do: together(r.Cluster.Nodes, r.unpack)},
		// The master's daemons ask the nodes' for votes, and wait for ten seconds if one does not answer.
		{Name: "start the other daemons", Do: together(r.Cluster.Nodes, func(ctx context.Context, operator harness.Operator,
			node string,
		) error {
			return run(ctx, operator, node, "service", "ganeti", "start")
		})},
		addressed(r.Cluster),
		{Name: "wait for the cluster to take orders", Do: func(ctx context.Context, operator harness.Operator) error {
			return waitForOrders.Until(ctx, func(ctx context.Context) error {
				return Manageable(r.Cluster).Check(ctx, operator)
			})
		}},
	}
}

// waitForOrders allows for daemons that start on a busy machine.
var waitForOrders = harness.Wait{For: "the cluster to take orders", Interval: 100 * time.Millisecond, Limit: 2 * time.Minute}

func (r Restore) unpack(ctx context.Context, operator harness.Operator, node string) error {
	if err := operator.WriteFile(ctx, node, harness.File{Path: snapshotFile, Mode: 0o600, Data: r.Snapshot[node]}); err != nil {
		return err
	}
	// The SSH server has read its keys.
	const unpack = "tar --extract --gzip --file=" + snapshotFile + " --directory=/ && rm " + snapshotFile +
		" && service ssh reload && /usr/lib/ganeti/daemon-util start ganeti-noded"
	if err := run(ctx, operator, node, "sh", "-c", unpack); err != nil {
		return err
	}
	return waitForNode.Until(ctx, func(ctx context.Context) error { return NodeDaemon(node).Check(ctx, operator) })
}
