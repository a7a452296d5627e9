package ganeti

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// CreateCluster makes a cluster of nodes that have Ganeti installed, and its instances, as an operator would. The password of the
// user who asks it by RAPI is the topology's secret [role.GanetiPassword].
type CreateCluster struct {
	Cluster Cluster
	SSHPort int // of every node's SSH server; 0 means 22
}

// Name says which cluster.
func (f CreateCluster) Name() string { return "found " + f.Cluster.Name }

// Steps found the cluster on its first node, have the others join it at the same time, and create the instances.
func (f CreateCluster) Steps() []harness.Step {
	first, others := f.Cluster.Nodes[0], f.Cluster.Nodes[1:]
	return slices.Concat(
		[]harness.Step{booted(f.Cluster)},
		// Ganeti asks the cluster's address whether the cluster is there already.
		UnreachableRoute(first, f.Cluster.Address).Steps(),
		[]harness.Step{runbook.Exec("found the cluster on "+first, first, f.initialise()...)},
		RemoveUnreachableRoute(first, f.Cluster.Address).Steps(),
		[]harness.Step{
			{Name: "let people ask by RAPI", Do: f.letAsk},
			{Name: "add " + strings.Join(others, ", "), Do: together(others, f.join)},
			f.create(),
			addressed(f.Cluster),
		},
	)
}

// session is one on the first node, which is the master.
func (f CreateCluster) session() Session { return f.Cluster.On(f.Cluster.Nodes[0]) }

// letAsk names who may ask by RAPI. The daemon reads the file as soon as it is there, and so it has to be the daemon's before.
func (f CreateCluster) letAsk(ctx context.Context, operator harness.Operator) error {
	const written = rapiUsers + ".new"
	password, err := rapiPassword.In(operator.Topology())
	if err != nil {
		return err
	}
	first, users := f.Cluster.Nodes[0], fmt.Sprintf("%s %s read\n", rapiUser, password)
	if err := operator.WriteFile(ctx, first, harness.File{Path: written, Mode: 0o640, Data: []byte(users)}); err != nil {
		return err
	}
	if err := run(ctx, operator, first, "chown", "gnt-rapi:gnt-masterd", written); err != nil {
		return err
	}
	return run(ctx, operator, first, "mv", written, rapiUsers)
}

// join has a node join.
func (f CreateCluster) join(ctx context.Context, operator harness.Operator, node string) error {
	_, err := runbook.Run(ctx, operator, f.session().Join(node))
	return err
}

// addressed makes sure that the cluster's address is there: a master whose own daemon was busy when its other daemons started
// goes without it, and says so only in passing.
func addressed(cluster Cluster) harness.Step {
	first := cluster.Nodes[0]
	has := probe.Holds(first, cluster.Address)
	return harness.Step{
		Name: "make sure that the cluster has its address",
		Do: func(ctx context.Context, operator harness.Operator) error {
			return waitForFounding.Until(ctx, func(ctx context.Context) error {
				missing := waitForAddress.Until(ctx, func(ctx context.Context) error { return has.Check(ctx, operator) })
				if missing == nil {
					return nil
				}
				return harness.JoinErrors(missing, run(ctx, operator, first, "gnt-cluster", "activate-master-ip"))
			})
		},
	}
}

// initialise is the command that founds a cluster without disks.
func (f CreateCluster) initialise() []string {
	argv := []string{
		"gnt-cluster", "init", "--enabled-hypervisors=fake", "--enabled-disk-templates=diskless",
		"--master-netdev=" + f.Cluster.Card, "--no-etc-hosts", "--nic-parameters", "mode=routed,link=main",
	}
	if f.SSHPort != 0 {
		argv = append(argv, "--node-parameters", fmt.Sprintf("ssh_port=%d", f.SSHPort))
	}
	argv = append(argv, f.Cluster.second(f.Cluster.Nodes[0])...)
	return append(argv, f.Cluster.Name)
}

// waitForAddress allows for the second in which Ganeti makes sure that nobody else has the address.
var waitForAddress = harness.Wait{
	For: "the master to take the cluster's address", Interval: 50 * time.Millisecond,
	Limit: 3 * time.Second,
}

// waitForFounding allows for commands that are given again on a busy machine.
var waitForFounding = harness.Wait{For: "the cluster to be founded", Interval: time.Second, Limit: 4 * time.Minute}

// create is the step that creates the instances and starts them, each by a job of its own: what needs different nodes
// is done at the same time.
func (f CreateCluster) create() harness.Step {
	names := make([]string, len(f.Cluster.Instances))
	for i, instance := range f.Cluster.Instances {
		names[i] = instance.Name
	}
	return harness.Step{Name: "create " + strings.Join(names, ", "), Do: func(ctx context.Context, operator harness.Operator) error {
		err := f.createNow(ctx, operator, f.Cluster.Instances)
		if !timedOut(err) {
			return err
		}
		return waitForFounding.Until(ctx, func(ctx context.Context) error { return f.createMissing(ctx, operator) })
	}}
}

func (f CreateCluster) createNow(ctx context.Context, operator harness.Operator, instances []Instance) error {
	const plan = "/root/instances.json"
	batch, err := json.Marshal(f.batch(instances))
	if err != nil {
		return err
	}
	if err := operator.WriteFile(ctx, f.Cluster.Nodes[0], harness.File{Path: plan, Data: batch}); err != nil {
		return err
	}
	return run(ctx, operator, f.Cluster.Nodes[0], "gnt-instance", "batch-create", plan)
}

// createMissing creates the instances that are not there, or else starts those that do not run; nil when all run.
func (f CreateCluster) createMissing(ctx context.Context, operator harness.Operator) error {
	listed, err := operator.Exec(ctx, f.Cluster.Nodes[0], "gnt-instance", "list", "--no-headers", "--separator= ", "-o",
		"name,status")
	if err != nil {
		return err
	}
	var missing, down []Instance
	for _, instance := range f.Cluster.Instances {
		switch {
		case !strings.Contains(string(listed), instance.Name+" "):
			missing = append(missing, instance)
		case !strings.Contains(string(listed), instance.Name+" running"):
			down = append(down, instance)
		}
	}
	if len(missing) > 0 {
		return harness.JoinErrors(f.createNow(ctx, operator, missing), errors.New("some instances were missing"))
	}
	if len(down) > 0 {
		_, err := runbook.Run(ctx, operator, f.session().StartInstances(down...))
		return harness.JoinErrors(err, errors.New("some instances were down"))
	}
	return nil
}

// batch is what `gnt-instance batch-create` wants to know of the instances.
func (f CreateCluster) batch(instances []Instance) []map[string]any {
	var batch []map[string]any
	for _, instance := range instances {
		batch = append(batch, map[string]any{
			"instance_name": instance.Name, "mode": "create", "disk_template": "diskless", "disks": []any{},
			"nics": []any{map[string]any{"ip": instance.Address.String()}}, "pnode": f.Cluster.Full(instance.Node),
			"os_type": "noop+default", "start": true, "ip_check": false, "name_check": false,
			"ignore_ipolicy": true, "beparams": map[string]any{"minmem": 16, "maxmem": 16}, "hypervisor": "fake",
		})
	}
	return batch
}

// Join adds a node to a cluster.
func (s Session) Join(node string) harness.Runbook {
	return s.add("add "+node, node, s.Cluster.second(node)...)
}

// Readd adds a node that was a member before, and has been installed from nothing.
func (s Session) Readd(node string) harness.Runbook { return s.add("re-add "+node, node, "--readd") }

// add lets the master into a node by its key, and adds the node.
func (s Session) add(name, node string, options ...string) harness.Runbook {
	argv := slices.Concat([]string{"gnt-node", "add", "--no-ssh-key-check"}, options, []string{s.Cluster.Full(node)})
	return runbook.Of(name,
		harness.Step{Name: "let " + s.Master + " into " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			return s.trust(ctx, operator, node)
		}},
		harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
			// A new member's daemon has only just started.
			return untilAnswered(ctx, func(ctx context.Context) error { return run(ctx, operator, s.Master, argv...) })
		}})
}

// trust puts the master's key on the node.
func (s Session) trust(ctx context.Context, operator harness.Operator, node string) error {
	key, err := operator.ReadFile(ctx, s.Master, "/root/.ssh/id_rsa.pub")
	if err != nil {
		return fmt.Errorf("read the key of %s: %w", s.Master, err)
	}
	return operator.WriteFile(ctx, node, harness.File{Path: "/root/.ssh/authorized_keys", Mode: 0o600, Data: key})
}

// together is a step's work that is done on several nodes at the same time.
func together(
	names []string, do func(ctx context.Context, operator harness.Operator, node string) error,
) func(context.Context, harness.Operator) error {
	nodes := make([]harness.Node, len(names))
	for i, name := range names {
		nodes[i].Name = name
	}
	return func(ctx context.Context, operator harness.Operator) error {
		return runbook.OnEach(ctx, nodes, func(ctx context.Context, node harness.Node) error { return do(ctx, operator, node.Name) })
	}
}
