package ganeti

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Offline tells the cluster that a node is lost, so that nobody waits for it any more.
type Offline struct {
	Cluster Cluster
	Master  string
	Node    string
}

// Name says which node.
func (o Offline) Name() string { return "mark " + o.Node + " as offline" }

// Steps run the command.
func (o Offline) Steps() []harness.Step {
	return order(o.Name(), o.Master, "gnt-node", "modify", "--offline=yes", o.Cluster.Full(o.Node))
}

// NodeFailover starts a lost node's instances on others, which Ganeti's allocator chooses.
type NodeFailover struct {
	Cluster Cluster
	Master  string
	Node    string
}

// Name says whose instances.
func (n NodeFailover) Name() string { return "start the instances of " + n.Node + " on other nodes" }

// Steps run the command. `gnt-instance failover --ignore-consistency` would not do: it asks a person although it is
// told not to, and without a terminal it ends with 1 and without a word.
func (n NodeFailover) Steps() []harness.Step {
	return order(n.Name(), n.Master, "gnt-node", "failover", "-f", "--ignore-consistency", n.Cluster.Full(n.Node))
}

// Reinstall has the provider install a node from nothing, which takes the declared time, and waits for its SSH server.
type Reinstall struct {
	Node     string
	Declared time.Duration // what the provider's installation takes
}

// Name says which node.
func (r Reinstall) Name() string { return "reinstall " + r.Node }

// Steps have it installed.
func (r Reinstall) Steps() []harness.Step {
	return append([]harness.Step{
		{Name: "have the provider install " + r.Node, Declared: r.Declared},
		{Name: "boot what was installed", Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Reinstall(ctx, r.Node)
		}},
	}, Booted{r.Node}.Steps()...)
}

// StartInstances starts instances that should run: those of a node that was away are down after it is back.
type StartInstances struct {
	Master    string
	Instances []Instance
}

// Name says that.
func (StartInstances) Name() string { return "start the instances that are down" }

// Steps start them.
func (s StartInstances) Steps() []harness.Step {
	argv := []string{"gnt-instance", "start", "--force-multiple"}
	for _, instance := range s.Instances {
		argv = append(argv, instance.Name)
	}
	return order(s.Name(), s.Master, argv...)
}

// Booted waits until a node can be logged into: one that is a virtual machine takes its time.
type Booted struct{ Node string }

// Name says which.
func (b Booted) Name() string { return "wait for " + b.Node + " to have booted" }

// waitForBoot allows for a machine that is software, on a busy processor, and makes its host keys.
var waitForBoot = harness.Wait{For: "the SSH server to run", Interval: 200 * time.Millisecond, Limit: 5 * time.Minute}

// Steps wait.
func (b Booted) Steps() []harness.Step {
	return []harness.Step{{Name: b.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		return waitForSSH(ctx, operator, b.Node)
	}}}
}

func waitForSSH(ctx context.Context, operator harness.Operator, node string) error {
	return waitForBoot.Until(ctx, func(ctx context.Context) error { return run(ctx, operator, node, "pidof", "sshd") })
}

// booted waits for every node of a cluster that is to be.
func booted(cluster Cluster) harness.Step {
	return harness.Step{Name: "wait for the nodes to have booted", Do: together(cluster.Nodes, waitForSSH)}
}
