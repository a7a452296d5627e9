package k3s

import (
	"testing"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

func aLease(node string, renewed time.Time) coordination.Lease {
	stamp := metav1.NewMicroTime(renewed)
	return coordination.Lease{ObjectMeta: metav1.ObjectMeta{Name: node}, Spec: coordination.LeaseSpec{RenewTime: &stamp}}
}

// nodesAPI is an API with these nodes and leases.
func nodesAPI(nodes []core.Node, leases ...coordination.Lease) *api {
	return &api{answers: map[string]any{
		"GET /api/v1/nodes": core.NodeList{Items: nodes},
		"GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases": coordination.LeaseList{Items: leases},
	}}
}

// Goal: a node is Ready when Kubernetes says so and its kubelet has been heard of since it started, and the
// sentence tells which is missing. Method: serve the API from tables; server-1 and agent-1 started a minute ago.
func TestNodesReady(t *testing.T) {
	started := time.Now().Add(-time.Minute)
	fresh, old := aLease("agent-1", started.Add(2*time.Second)), aLease("agent-1", started.Add(-5*time.Second))
	server := aLease("server-1", time.Now())
	lost := []core.Node{aNode("server-1", core.ConditionTrue), aNode("agent-1", core.ConditionUnknown)}
	both := []core.Node{aNode("server-1", core.ConditionTrue), aNode("agent-1", core.ConditionTrue)}
	foreign := []core.Node{aNode("server-1", core.ConditionTrue), aNode("elsewhere", core.ConditionTrue)}
	cases := map[string]struct {
		api   *api
		all   string // of NodesReady(2)
		agent string // of NodeReady("agent-1")
	}{
		"both Ready": {nodesAPI(both, server, fresh), "", ""},
		"lost": {
			nodesAPI(lost, server, fresh),
			"1 of 2 nodes are Ready: agent-1 is not Ready (NodeStatusUnknown: Kubelet stopped posting node status)",
			"agent-1 is not Ready (NodeStatusUnknown",
		},
		"hearsay": {
			nodesAPI(both, server, old),
			"1 of 2 nodes are Ready: agent-1 was Ready before it started again: its kubelet has not been heard of since",
			"has not been heard of since",
		},
		"never heard of": {nodesAPI(both, server), "agent-1 was Ready before it started again", "has not been heard of since"},
		"not ours":       {nodesAPI(foreign, server), "", "there is no node agent-1"},
		"not there":      {nodesAPI(both[:1], server), "1 of 2 nodes are Ready", "there is no node agent-1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			machines := newMachines(t)
			machines.serve(t, "server-1", "secret", c.api)
			machines.status["server-1"] = harness.SystemStatus{Running: true, Started: started}
			machines.status["agent-1"] = harness.SystemStatus{Running: true, Started: started}
			cluster := Cluster{Servers: []string{"server-1"}}
			labtest.Expect(t, cluster.NodesReady(2).Check(t.Context(), machines), c.all)
			labtest.Expect(t, cluster.NodeReady("agent-1").Check(t.Context(), machines), c.agent)
		})
	}
}

// Goal: a node that has just died counts as Ready for as long as Kubernetes believes it. Method: a node whose
// main process has ended, with an old lease.
func TestDeadNodeIsReadyUntilKubernetesSaysOtherwise(t *testing.T) {
	machines := newMachines(t)
	machines.serve(t, "server-1", "secret", nodesAPI([]core.Node{aNode("agent-1", core.ConditionTrue)},
		aLease("agent-1", time.Now().Add(-30*time.Second))))
	machines.End("agent-1", -1)
	labtest.Expect(t, Cluster{Servers: []string{"server-1"}}.NodeReady("agent-1").Check(t.Context(), machines), "")
}

// Goal: voters are counted exactly, and who does not vote is named. Method: three servers of which one has
// not been promoted yet.
func TestEtcdVoters(t *testing.T) {
	voter := func(name string, status core.ConditionStatus, reason string) core.Node {
		node := aNode(name, core.ConditionTrue)
		node.Status.Conditions = append(node.Status.Conditions, core.NodeCondition{Type: etcdVoter, Status: status, Reason: reason})
		return node
	}
	machines := newMachines(t)
	machines.serve(t, "server-1", "secret", nodesAPI([]core.Node{
		voter("server-1", core.ConditionTrue, "MemberNotLearner"), voter("server-2", core.ConditionFalse, "MemberIsLearner"),
		aNode("server-3", core.ConditionTrue),
	}))
	cluster := Cluster{Servers: []string{"server-1"}}
	labtest.Expect(t, cluster.EtcdVoters(3).Check(t.Context(), machines),
		"etcd has 1 voters and not 3: server-2 does not vote (MemberIsLearner); server-3 does not vote")
	labtest.Expect(t, cluster.EtcdVoters(1).Check(t.Context(), machines), "")
	labtest.Expect(t, cluster.EtcdVoters(0).Check(t.Context(), machines), "etcd has 1 voters and not 0")
}
