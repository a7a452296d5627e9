package k3s

import (
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

const podsPath = "GET /api/v1/namespaces/web/pods"

// podsAPI is an API with these pods on a node that is Ready and one that is not.
func podsAPI(pods ...core.Pod) *api {
	api := nodesAPI([]core.Node{aNode("here", core.ConditionTrue), aNode("gone", core.ConditionUnknown)})
	api.set(podsPath, core.PodList{Items: pods})
	return api
}

func ending(pod core.Pod) core.Pod {
	now := metav1.Now()
	pod.DeletionTimestamp = &now
	return pod
}

func crashing(pod core.Pod) core.Pod {
	pod.Status.ContainerStatuses = []core.ContainerStatus{{Name: "main", State: core.ContainerState{
		Waiting: &core.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 10s"},
	}}}
	return pod
}

func unplaced(pod core.Pod) core.Pod {
	pod.Spec.NodeName, pod.Status.Phase = "", core.PodPending
	pod.Status.Conditions = []core.PodCondition{{
		Type: core.PodScheduled, Status: core.ConditionFalse,
		Message: "0/2 nodes are available",
	}}
	return pod
}

func finished(pod core.Pod) core.Pod {
	pod.Status.Phase = core.PodSucceeded
	return pod
}

// Goal: pods are Ready when there is one, all are, and their nodes are; what is missing is said. The node is
// that of a Ready pod. Method: serve the API from tables.
func TestPodsReady(t *testing.T) {
	good := aPod("a", "here", true)
	cases := map[string]struct {
		pods  []core.Pod
		wants string
		node  string
	}{
		"ready":             {[]core.Pod{good}, "", "here"},
		"none":              {nil, "there is no such pod", ""},
		"on its way out":    {[]core.Pod{good, ending(aPod("b", "gone", true))}, "", "here"},
		"only on their way": {[]core.Pod{ending(good)}, "there is no such pod", ""},
		"finished":          {[]core.Pod{good, finished(aPod("b", "gone", false))}, "", "here"},
		"on a lost node":    {[]core.Pod{aPod("a", "gone", true)}, "pod a is Ready, but gone is not Ready (NodeStatusUnknown", "gone"},
		"crashing": {
			[]core.Pod{crashing(aPod("a", "gone", false)), aPod("b", "here", true)},
			"pod a is Running and not Ready (main waits: CrashLoopBackOff: back-off 10s)", "here",
		},
		"without a node": {[]core.Pod{unplaced(good)}, "pod a is Pending and not Ready (0/2 nodes are available)", ""},
		"all of them counts": {
			[]core.Pod{aPod("b", "here", false), aPod("a", "here", false)},
			"pod a is Running and not Ready; pod b is", "here",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			machines := newMachines(t)
			machines.serve(t, "server-1", "secret", podsAPI(c.pods...))
			cluster := Cluster{Servers: []string{"server-1"}}
			labtest.Expect(t, cluster.PodsReady("web", "app=canary").Check(t.Context(), machines), c.wants)
			node, err := cluster.PodNode(t.Context(), machines, "web", "app=canary")
			if node != c.node || (err == nil) != (c.node != "") {
				t.Errorf("it is on %q (%v), want %q", node, err, c.node)
			}
		})
	}
}

// Goal: a Deployment is available when all it wants is, of its present description. Method: tables.
func TestAvailable(t *testing.T) {
	two := int32(2)
	deployment := func(status apps.DeploymentStatus) any {
		return apps.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Spec: apps.DeploymentSpec{Replicas: &two}, Status: status}
	}
	cases := map[string]struct {
		answer any
		wants  string
	}{
		"available": {deployment(apps.DeploymentStatus{ObservedGeneration: 3, AvailableReplicas: 2, UpdatedReplicas: 2}), ""},
		"in part": {
			deployment(apps.DeploymentStatus{ObservedGeneration: 3, AvailableReplicas: 1, UpdatedReplicas: 2}),
			"deployment web/canary: 1 of 2 replicas are available",
		},
		"old ones": {
			deployment(apps.DeploymentStatus{ObservedGeneration: 3, AvailableReplicas: 2, UpdatedReplicas: 1}),
			"1 of 2 replicas are up to date",
		},
		"not looked": {
			deployment(apps.DeploymentStatus{ObservedGeneration: 2, AvailableReplicas: 2, UpdatedReplicas: 2}),
			"its last change has not been seen yet",
		},
		"missing": {nil, "there is no deployment web/canary"},
		"default": {apps.Deployment{}, "0 of 1 replicas are available"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			machines := newMachines(t)
			served := &api{answers: map[string]any{}}
			if c.answer != nil {
				served.set("GET /apis/apps/v1/namespaces/web/deployments/canary", c.answer)
			}
			machines.serve(t, "server-1", "secret", served)
			labtest.Expect(t, Cluster{Servers: []string{"server-1"}}.Available("web", "canary").Check(t.Context(), machines), c.wants)
		})
	}
}

// Goal: the checks to services follow the node, in IPv4. Method: look at the check.
func TestServiceAnswers(t *testing.T) {
	machines := newMachines(t)
	machines.Renumber("agent-1", harness.Addresses{IPv4: trio().Nodes[0].IPv4})
	check, err := ServiceAnswers("the blog answers", "agent-1", 30080, "blog.reprise.test", "/posts").Current(machines)
	if err != nil || *check.HTTP != (harness.HTTPCheck{At: check.HTTP.At, Host: "blog.reprise.test", Path: "/posts"}) ||
		check.HTTP.At.String() != "10.201.3.11:30080" {
		t.Errorf("it asks %+v, %v", check.HTTP, err)
	}
	probe := Resolves("the outside resolves", "agent-1", 80, "canary", "a b.test")
	check, err = probe.Current(machines)
	if err != nil || check.HTTP.Path != "/resolve?name=a+b.test" || check.HTTP.Host != "canary" ||
		probe.Period() != 100*time.Millisecond {
		t.Errorf("it asks %+v, %v", check.HTTP, err)
	}
	_, err = ServiceAnswers("nothing", "server-9", 1, "", "").Current(machines)
	labtest.Expect(t, err, "look up the addresses of server-9")
}
