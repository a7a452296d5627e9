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
func (s Session) Migrate(instance Instance, to string) harness.Runbook {
	return s.order("migrate "+instance.Name+" to "+to, "gnt-instance", "migrate", "-f", "-n", s.Cluster.Full(to), instance.Name)
}

// Failover stops an instance and starts it on another node.
func (s Session) Failover(instance Instance, to string) harness.Runbook {
	return s.order("fail "+instance.Name+" over to "+to, "gnt-instance", "failover", "-f", "-n", s.Cluster.Full(to), instance.Name)
}

// Drain keeps new instances away from a node and moves those away that are on it, as before work on it.
func (s Session) Drain(node, to string, instances ...Instance) harness.Runbook {
	steps := s.order("mark "+node+" as drained", "gnt-node", "modify", "--drained=yes", s.Cluster.Full(node)).Steps()
	for _, instance := range instances {
		steps = append(steps, s.Migrate(instance, to).Steps()...)
	}
	return runbook.Of("drain "+node, steps...)
}

// Shutdown shuts an instance down on purpose: the cluster keeps in mind that it should not run.
func (s Session) Shutdown(instance Instance) harness.Runbook {
	return s.order("shut "+instance.Name+" down", "gnt-instance", "shutdown", instance.Name)
}

// StartInstances starts instances that should run: those of a node that was away are down after it is back.
func (s Session) StartInstances(instances ...Instance) harness.Runbook {
	argv := []string{"gnt-instance", "start", "--force-multiple"}
	for _, instance := range instances {
		argv = append(argv, instance.Name)
	}
	return s.order("start the instances that are down", argv...)
}

// Watch has a node run ganeti-watcher again and again, as cron does every five minutes where nobody has changed it: so many
// whole seconds from the end of one run to the next. What it says goes to the node's log.
func Watch(node string, every time.Duration) harness.Runbook {
	loop := fmt.Sprintf("while :; do ganeti-watcher; sleep %d; done", int(every/time.Second))
	return order(fmt.Sprintf("run ganeti-watcher on %s every %v", node, every), node,
		"sh", "-c", "("+loop+") >/dev/null 2>&1 </dev/null &")
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
