package k3s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// NodesReady claims that at least n nodes are Ready; see the package comment for what that is worth. It is
// asked every 500 ms.
func (c Cluster) NodesReady(n int) harness.Probe {
	name := fmt.Sprintf("%d nodes Ready", n)
	if n == 1 {
		name = "1 node Ready"
	}
	return c.claim(name, func(ctx context.Context, observer harness.Observer, client *kubernetes.Clientset) (seen, err error) {
		nodes, err := nodeStates(ctx, observer, client)
		if err != nil {
			return nil, err
		}
		ready := 0
		var others []string
		for _, node := range nodes {
			if node.unready == nil {
				ready++
			} else {
				others = append(others, node.unready.Error())
			}
		}
		if ready >= n {
			return nil, nil
		}
		sentence := fmt.Sprintf("%d of %d nodes are Ready", ready, n)
		if len(others) > 0 {
			sentence += ": " + strings.Join(others, "; ")
		}
		return errors.New(sentence), nil
	})
}

// NodeReady claims that one node is Ready; see the package comment for what that is worth. It is asked
// every 500 ms.
func (c Cluster) NodeReady(name string) harness.Probe {
	return c.claim("node "+name+" Ready", func(ctx context.Context, observer harness.Observer, client *kubernetes.Clientset) (seen,
		err error,
	) {
		nodes, err := nodeStates(ctx, observer, client)
		if err != nil {
			return nil, err
		}
		for _, node := range nodes {
			if node.name == name {
				return node.unready, nil
			}
		}
		return fmt.Errorf("there is no node %s", name), nil
	})
}

// EtcdVoters claims that exactly n servers vote in the embedded etcd, all of them healthy. k3s looks every
// 15 s: that is how old its word can be. It is asked every 500 ms.
func (c Cluster) EtcdVoters(n int) harness.Probe {
	return c.claim(fmt.Sprintf("%d etcd voters", n), func(ctx context.Context, _ harness.Observer,
		client *kubernetes.Clientset,
	) (seen, err error) {
		nodes, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{LabelSelector: etcdLabel})
		if err != nil {
			return nil, err
		}
		voters := 0
		var others []string
		for _, node := range nodes.Items {
			condition := conditionOf(node, etcdVoter)
			if condition.Status == core.ConditionTrue {
				voters++
			} else {
				others = append(others, fmt.Sprintf("%s does not vote%s", node.Name, because(condition)))
			}
		}
		if voters == n {
			return nil, nil
		}
		sentence := fmt.Sprintf("etcd has %d voters and not %d", voters, n)
		if len(others) > 0 {
			sentence += ": " + strings.Join(others, "; ")
		}
		return errors.New(sentence), nil
	})
}

// How k3s marks the servers that hold a part of the datastore, and what it thinks of their membership.
const (
	etcdLabel                        = "node-role.kubernetes.io/etcd=true"
	etcdVoter core.NodeConditionType = "EtcdIsVoter"
)

// A nodeState is what is known of one node; unready is nil when it is Ready.
type nodeState struct {
	name    string
	unready error
}

// nodeStates asks for all nodes, sorted by name.
func nodeStates(ctx context.Context, observer harness.Observer, client *kubernetes.Clientset) ([]nodeState, error) {
	nodes, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{})
	if err != nil {
		return nil, err
	}
	leases, err := client.CoordinationV1().Leases(core.NamespaceNodeLease).List(ctx, meta.ListOptions{})
	if err != nil {
		return nil, err
	}
	states := make([]nodeState, len(nodes.Items))
	for i, node := range nodes.Items {
		states[i] = nodeState{name: node.Name, unready: unready(ctx, observer, node, leases.Items)}
	}
	slices.SortFunc(states, func(a, b nodeState) int { return strings.Compare(a.name, b.name) })
	return states, nil
}

// unready tells why a node does not count as Ready, or nil.
func unready(ctx context.Context, observer harness.Observer, node core.Node, leases []coordination.Lease) error {
	condition := conditionOf(node, core.NodeReady)
	if condition.Status != core.ConditionTrue {
		return fmt.Errorf("%s is not Ready%s", node.Name, because(condition))
	}
	if _, ours := observer.Topology().Node(node.Name); !ours {
		return nil
	}
	started := startOfNode(ctx, observer, node.Name)
	for _, lease := range leases {
		if lease.Name == node.Name && lease.Spec.RenewTime != nil && !lease.Spec.RenewTime.Time.Before(started) {
			return nil
		}
	}
	if started.IsZero() {
		return nil
	}
	return fmt.Errorf("%s was Ready before it started again: its kubelet has not been heard of since", node.Name)
}

// startOfNode is when the node's main process started; zero when it does not run, or when the node cannot be
// asked, and is taken to be there.
func startOfNode(ctx context.Context, observer harness.Observer, node string) time.Time {
	status, err := observer.Status(ctx, node)
	if err != nil || !status.Running {
		return time.Time{}
	}
	return status.Started
}

// conditionOf is one of the node's conditions; the zero value when there is none.
func conditionOf(node core.Node, kind core.NodeConditionType) core.NodeCondition {
	for _, condition := range node.Status.Conditions {
		if condition.Type == kind {
			return condition
		}
	}
	return core.NodeCondition{}
}

// because is the reason that a condition gives, ready to follow a sentence.
func because(condition core.NodeCondition) string {
	switch {
	case condition.Reason == "" && condition.Message == "":
		return ""
	case condition.Message == "":
		return " (" + condition.Reason + ")"
	default:
		return fmt.Sprintf(" (%s: %s)", condition.Reason, strings.TrimSuffix(condition.Message, "."))
	}
}
