package k3s

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// ClusterReset is the documented recovery of an embedded etcd that has lost its majority: every server is
// stopped, one that is left makes itself the only member, and the others join it again with nothing in their
// datastores.
//
// The others come back one at a time, and their old data is put aside before they may run on: two of three
// servers that come back together with it are a majority of the old cluster, and would go on with that one
// beside the new one.
//
// Servers need the token in their command or environment (K3S_TOKEN), as k3s wants of every cluster of
// several servers.
type ClusterReset struct {
	// Cluster says who the servers are; the zero value is all nodes with the role.
	Cluster Cluster
	// Survivor is the node of the server that is left.
	Survivor string
	// Snapshot is a file on the survivor to restore; "" keeps the survivor's own data, which holds at least
	// what was acknowledged when the majority was lost, if the survivor was in the majority then.
	Snapshot string
	// Alone leaves the others as they are: see [Rejoin].
	Alone bool
}

// Name names the procedure in reports.
func (r ClusterReset) Name() string {
	name := "k3s: cluster-reset on " + r.Survivor
	if r.Snapshot != "" {
		name += " from snapshot " + path.Base(r.Snapshot)
	}
	return name
}

// Steps are its steps. The rejoining of the others is one step: who they are is only known to the topology.
func (r ClusterReset) Steps() []harness.Step {
	steps := []harness.Step{
		{Name: "stop k3s on every server", Do: r.stop},
		{Name: "reset the cluster on " + r.Survivor, Do: r.reset},
		{Name: "start k3s on " + r.Survivor, Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Start(ctx, r.Survivor)
		}},
		{Name: "wait until " + r.Survivor + " is Ready", Do: func(ctx context.Context, operator harness.Operator) error {
			survivor := Cluster{Servers: []string{r.Survivor}}
			return survivor.WaitReady(ctx, operator, survivor.NodeReady(r.Survivor))
		}},
	}
	if !r.Alone {
		steps = append(steps, harness.Step{Name: "have the other servers join " + r.Survivor, Do: r.rejoinAll})
	}
	return steps
}

// stop stops k3s on every server.
func (r ClusterReset) stop(ctx context.Context, operator harness.Operator) error {
	nodes, err := r.Cluster.servers(operator)
	if err != nil {
		return err
	}
	return runbook.OnEach(ctx, nodes, func(ctx context.Context, node harness.Node) error {
		return stopForGood(ctx, operator, node.Name)
	})
}

// stopForGood stops the node's main process. One that has ended is told too: its init system may be about to
// start it again. Only a machine without power cannot be told anything, and needs not.
func stopForGood(ctx context.Context, operator harness.Operator, node string) error {
	status, err := operator.Status(ctx, node)
	if err != nil {
		return err
	}
	if err := operator.Stop(ctx, node); err != nil && status.Running {
		return err
	}
	return nil
}

// reset runs k3s server --cluster-reset to its end. The flag that it leaves says that it went through; one
// that is there before would keep it from doing anything.
func (r ClusterReset) reset(ctx context.Context, operator harness.Operator) error {
	command, err := serverCommand(operator, r.Survivor)
	if err != nil {
		return err
	}
	node, _ := operator.Topology().Node(r.Survivor)
	if err := forgetServer(ctx, operator, node); err != nil {
		return err
	}
	flag := path.Join(command.database(), "reset-flag")
	if err := operator.RemoveFile(ctx, r.Survivor, flag); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, resetWithin)
	defer cancel()
	if _, err := operator.Exec(ctx, r.Survivor, command.reset(r.Snapshot)...); err != nil {
		return fmt.Errorf("reset the cluster: %w", err)
	}
	if _, err := operator.ReadFile(ctx, r.Survivor, flag); err != nil {
		return fmt.Errorf("the reset ended and did not say so: %w", err)
	}
	return nil
}

// rejoinAll has the other servers join one after the other; etcd takes in one new member at a time anyway.
// Those come first whose command line does not name somebody else, who might not be back yet.
func (r ClusterReset) rejoinAll(ctx context.Context, operator harness.Operator) error {
	nodes, err := r.Cluster.servers(operator)
	if err != nil {
		return err
	}
	survivor, err := operator.Addresses(r.Survivor)
	if err != nil {
		return err
	}
	var first, later []string
	for _, node := range nodes {
		command, err := serverCommand(operator, node.Name)
		switch {
		case err != nil:
			return err
		case node.Name == r.Survivor:
		case command.server() == "" || command.joins(survivor.IPv4):
			first = append(first, node.Name)
		default:
			later = append(later, node.Name)
		}
	}
	for _, name := range append(first, later...) {
		if err := rejoin(ctx, operator, name, r.Survivor); err != nil {
			return onNode(name, err)
		}
	}
	return nil
}

// Rejoin brings back one server after a [ClusterReset]: power on, stop k3s, put its old data aside, and have
// it join the survivor.
func Rejoin(server, survivor string) harness.Runbook {
	return runbook.Of("k3s: "+server+" joins "+survivor, harness.Step{
		Name: "have " + server + " join " + survivor,
		Do: func(ctx context.Context, operator harness.Operator) error {
			return rejoin(ctx, operator, server, survivor)
		},
	})
}

// rejoin does it, and waits until the server is Ready and votes.
func rejoin(ctx context.Context, operator harness.Operator, server, survivor string) error {
	command, err := serverCommand(operator, server)
	if err != nil {
		return err
	}
	at, err := operator.Addresses(survivor)
	if err != nil {
		return err
	}
	// A machine that gets its power back boots, and k3s starts with the data of the old cluster.
	if err := operator.PowerOn(ctx, server); err != nil {
		return err
	}
	if err := stopForGood(ctx, operator, server); err != nil {
		return err
	}
	// Put aside rather than deleted: its snapshots are in it, and so is the truth if the reset was a mistake.
	database := command.database()
	script := `if [ -d "$1" ]; then rm -rf "$1-before-reset" && mv "$1" "$1-before-reset"; fi`
	if _, err := operator.Exec(ctx, server, "sh", "-c", script, "sh", database); err != nil {
		return fmt.Errorf("put %s aside: %w", database, err)
	}
	if command.server() == "" {
		if err := operator.WriteFile(ctx, server, joinConfig(at.IPv4)); err != nil {
			return err
		}
	}
	if err := operator.Start(ctx, server); err != nil {
		return err
	}
	return awaitVoter(ctx, operator, server, survivor)
}

// awaitVoter waits until the survivor counts the server as Ready and as a voter since its start: the
// datastore remembers what it was before.
func awaitVoter(ctx context.Context, operator harness.Operator, server, survivor string) error {
	status, err := operator.Status(ctx, server)
	if err != nil {
		return err
	}
	cluster, keys := Cluster{Servers: []string{survivor}}, new(keyring)
	ready := cluster.NodeReady(server)
	wait := waitForRejoin
	if node, known := operator.Topology().Node(server); known && node.System.Restart == 0 {
		wait = wait.WhileAlive(operator, server)
	}
	err = wait.Until(ctx, limited(func(ctx context.Context) error {
		if err := ready.Check(ctx, operator); err != nil {
			return err
		}
		return cluster.ask(ctx, operator, keys, func(ctx context.Context, client *kubernetes.Clientset) error {
			node, err := client.CoreV1().Nodes().Get(ctx, server, meta.GetOptions{})
			if err != nil {
				return err
			}
			return votesSince(*node, status.Started)
		})
	}))
	if err != nil {
		return harness.JoinErrors(err, lastFatal(ctx, operator, server, status.Started))
	}
	return nil
}

// votesSince tells why a node does not count as a voter that has become one since then, or nil.
func votesSince(node core.Node, since time.Time) error {
	condition := conditionOf(node, etcdVoter)
	switch {
	case condition.Status != core.ConditionTrue:
		return fmt.Errorf("%s does not vote in etcd%s", node.Name, because(condition))
	case condition.LastTransitionTime.Time.Before(since):
		return fmt.Errorf("%s voted in etcd before it started again, and has not been seen to since", node.Name)
	}
	return nil
}

// lastFatal is what k3s said when it gave up, or nil.
func lastFatal(ctx context.Context, observer harness.Observer, node string, since time.Time) error {
	lines, err := runbook.LogLines(ctx, observer, node, since.Add(-harness.LogDelay), "level=fatal")
	if err != nil || len(lines) == 0 {
		return nil //nolint:nilerr // it would only add to an error that is there already
	}
	return errors.New("it last said: " + lines[len(lines)-1].Text)
}
