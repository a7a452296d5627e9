package ganeti

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Migrate moves a running instance to another node.
type Migrate struct {
	Cluster  Cluster
	Master   string
	Instance Instance
	To       string
}

// Name says what goes where.
func (m Migrate) Name() string { return "migrate " + m.Instance.Name + " to " + m.To }

// Steps run the command.
func (m Migrate) Steps() []harness.Step {
	return order(m.Name(), m.Master, "gnt-instance", "migrate", "-f", "-n", m.Cluster.Full(m.To), m.Instance.Name)
}

// Failover stops an instance and starts it on another node.
type Failover struct {
	Cluster  Cluster
	Master   string
	Instance Instance
	To       string
}

// Name says what goes where.
func (f Failover) Name() string { return "fail " + f.Instance.Name + " over to " + f.To }

// Steps run the command.
func (f Failover) Steps() []harness.Step {
	return order(f.Name(), f.Master, "gnt-instance", "failover", "-f", "-n", f.Cluster.Full(f.To), f.Instance.Name)
}

// Drain keeps new instances away from a node and moves those away that it has, as before work on it.
type Drain struct {
	Cluster   Cluster
	Master    string
	Node      string
	Instances []Instance // that are on it
	To        string
}

// Name says which node.
func (d Drain) Name() string { return "drain " + d.Node }

// Steps mark the node and migrate its instances.
func (d Drain) Steps() []harness.Step {
	steps := []harness.Step{runbook.Exec("mark "+d.Node+" as drained", d.Master, "gnt-node", "modify", "--drained=yes",
		d.Cluster.Full(d.Node))}
	for _, instance := range d.Instances {
		steps = append(steps, Migrate{Cluster: d.Cluster, Master: d.Master, Instance: instance, To: d.To}.Steps()...)
	}
	return steps
}

// Shutdown shuts an instance down on purpose: the cluster keeps in mind that it should not run.
type Shutdown struct {
	Master   string
	Instance Instance
}

// Name says which.
func (s Shutdown) Name() string { return "shut " + s.Instance.Name + " down" }

// Steps run the command.
func (s Shutdown) Steps() []harness.Step {
	return order(s.Name(), s.Master, "gnt-instance", "shutdown", s.Instance.Name)
}

// Watch has a node run ganeti-watcher again and again, as cron does every five minutes where nobody has changed it.
type Watch struct {
	Node  string
	Every time.Duration // whole seconds, from the end of one run to the next
}

// Name says where.
func (w Watch) Name() string {
	return fmt.Sprintf("run ganeti-watcher on %s every %v", w.Node, w.Every)
}

// Steps begin it. What it says goes to the node's log.
func (w Watch) Steps() []harness.Step {
	loop := fmt.Sprintf("while :; do ganeti-watcher; sleep %d; done", int(w.Every/time.Second))
	return order(w.Name(), w.Node, "sh", "-c", "("+loop+") >/dev/null 2>&1 </dev/null &")
}

// runningFolder is where the fake hypervisor keeps what runs on a node.
const runningFolder = "/run/ganeti/fake-hypervisor/"

// InstanceDeath is an instance that ends by itself, as when the process of a virtual machine is killed: its
// hypervisor does not have it any more, and nobody has told the cluster. There is nothing to revert: what starts it
// again is what the drill is about.
type InstanceDeath struct {
	Instance Instance
	Node     string // where it runs
}

// Describe says which one.
func (i InstanceDeath) Describe() string { return i.Instance.Name + " dies on " + i.Node }

// Inject takes the instance from the hypervisor.
func (i InstanceDeath) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	began := time.Now()
	if _, err := lab.ReadFile(ctx, i.Node, runningFolder+i.Instance.Name); err != nil {
		return nil, fmt.Errorf("look for the instance on %s: %w", i.Node, err)
	}
	err := lab.RemoveFile(ctx, i.Node, runningFolder+i.Instance.Name)
	return &fault.Injection{
		Struck: harness.Impact{Before: began},
		Prove: func(ctx context.Context) (string, error) {
			err := waitForDeath.Until(ctx, func(ctx context.Context) error {
				if Serves(i.Instance).Check(ctx, lab) == nil {
					return fmt.Errorf("its page is still served")
				}
				return nil
			})
			return "seen from the observer, its page is not served any more", err
		},
	}, err
}

// waitForDeath allows for a look at what runs.
var waitForDeath = harness.Wait{For: "the page to go", Interval: 20 * time.Millisecond, Limit: 5 * time.Second}
