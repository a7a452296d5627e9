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
	return []harness.Step{command(o.Name(), o.Master, "gnt-node", "modify", "--offline=yes", o.Cluster.Full(o.Node))}
}

// NodeFailover starts a lost node's instances on the node that is given.
type NodeFailover struct {
	Cluster   Cluster
	Master    string
	Node      string
	Instances []Instance
	To        string
}

// Name says whose instances go where.
func (n NodeFailover) Name() string { return "start the instances of " + n.Node + " on " + n.To }

// Steps move them one by one. Nothing is asked: a prompt reads the terminal, which a runbook has not.
func (n NodeFailover) Steps() []harness.Step {
	var steps []harness.Step
	for _, instance := range n.Instances {
		steps = append(steps, command("fail "+instance.Name+" over to "+n.To, n.Master, "gnt-instance", "failover", "-f", "--ignore-consistency",
			"-n", n.Cluster.Full(n.To), instance.Name))
	}
	return steps
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
	return []harness.Step{
		{Name: "have the provider install " + r.Node, Declared: r.Declared},
		{Name: "boot what was installed", Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Reinstall(ctx, r.Node)
		}},
	}
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
	return []harness.Step{command(s.Name(), s.Master, argv...)}
}
