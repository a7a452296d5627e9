package ganeti

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Offline tells the cluster that a node is lost, so that nobody waits for it any more.
func (s Session) Offline(node string) harness.Runbook {
	return s.order("mark "+node+" as offline", "gnt-node", "modify", "--offline=yes", s.Cluster.Full(node))
}

// NodeFailover starts a lost node's instances on others, which Ganeti's allocator chooses. `gnt-instance failover
// --ignore-consistency` would not do: it asks a person although it is told not to, and without a terminal it ends with 1
// and without a word.
func (s Session) NodeFailover(node string) harness.Runbook {
	return s.order("start the instances of "+node+" on other nodes",
		"gnt-node", "failover", "-f", "--ignore-consistency", s.Cluster.Full(node))
}

// Reinstall has the provider install a node from nothing, which takes the declared time, and waits for its SSH server.
func Reinstall(node string, declared time.Duration) harness.Runbook {
	return runbook.Of("reinstall "+node, append([]harness.Step{
		{Name: "have the provider install " + node, Declared: declared},
		{Name: "boot what was installed", Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Reinstall(ctx, node)
		}},
	}, Booted(node).Steps()...)...)
}

// waitForBoot allows for a machine that is software, on a busy processor, and makes its host keys.
var waitForBoot = harness.Wait{For: "the SSH server to run", Interval: 200 * time.Millisecond, Limit: 5 * time.Minute}

// Booted waits until a node can be logged into: one that is a virtual machine takes its time.
func Booted(node string) harness.Runbook {
	return one("wait for "+node+" to have booted", func(ctx context.Context, operator harness.Operator) error {
		return waitForSSH(ctx, operator, node)
	})
}

func waitForSSH(ctx context.Context, operator harness.Operator, node string) error {
	return waitForBoot.Until(ctx, func(ctx context.Context) error { return run(ctx, operator, node, "pidof", "sshd") })
}

// booted waits for every node of a cluster that is to be.
func booted(cluster Cluster) harness.Step {
	return harness.Step{Name: "wait for the nodes to have booted", Do: together(cluster.Nodes, waitForSSH)}
}
