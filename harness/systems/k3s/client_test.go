package k3s

import (
	"context"
	"net/http"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// ready1 is an API with one node that is Ready.
func ready1() *api {
	return &api{answers: map[string]any{
		"GET /api/v1/nodes": core.NodeList{Items: []core.Node{aNode("elsewhere", core.ConditionTrue)}},
		"GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases": map[string]any{"items": []any{}},
	}}
}

// Goal: a probe reads the kubeconfig once, and opens a connection for every request. Method: three checks
// against one server; files read and connections made are counted.
func TestKubeconfigIsKeptAndConnectionsAreNot(t *testing.T) {
	machines := newMachines(t)
	asked := ready1()
	machines.serve(t, "server-1", "secret", asked)
	probe := Cluster{Servers: []string{"server-1"}}.NodesReady(1)
	for range 3 {
		labtest.Expect(t, probe.Check(t.Context(), machines), "")
	}
	if reads := machines.read["server-1 "+kubeconfigFile]; reads != 1 {
		t.Errorf("the kubeconfig was read %d times", reads)
	}
	if requests := len(asked.requests()); requests != 6 || machines.dialled != requests {
		t.Errorf("%d requests over %d connections, want 6 over 6", requests, machines.dialled)
	}
}

// Goal: a server that was installed anew is asked with its new certificates. Method: another authority, then
// another token, behind the back of a probe that has kept the old ones.
func TestNewCertificatesAreRead(t *testing.T) {
	machines := newMachines(t)
	probe := Cluster{Servers: []string{"server-1"}}.NodesReady(1)
	for _, token := range []string{"first", "second", "third"} {
		machines.serve(t, "server-1", token, ready1())
		labtest.Expect(t, probe.Check(t.Context(), machines), "")
	}
	if reads := machines.read["server-1 "+kubeconfigFile]; reads != 3 {
		t.Errorf("the kubeconfig was read %d times, want once for each life", reads)
	}
	_, authority := newCertificate(t)
	machines.writeKubeconfig(t, "server-1", "third", authority)
	labtest.Expect(t, Cluster{Servers: []string{"server-1"}}.NodesReady(1).Check(t.Context(), machines),
		"certificate signed by unknown authority")
}

// Goal: servers are asked in turn, and one that says nothing leaves the others their share of the time.
// Method: a server that hangs, one that is down, and one that answers, in that order.
func TestServersAreAskedInTurn(t *testing.T) {
	machines := newMachines(t)
	hang := func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() }
	machines.serve(t, "server-1", "secret", &api{answers: map[string]any{"GET /api/v1/nodes": hang}})
	machines.serve(t, "server-3", "secret", ready1())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	labtest.Expect(t, Cluster{}.NodesReady(1).Check(ctx, machines), "")

	machines.End("server-3", 1)
	ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := Cluster{}.NodesReady(1).Check(ctx, machines)
	labtest.Expect(t, err, "server-1: no answer in time; server-2: there is no "+kubeconfigFile+": k3s has not come up yet; "+
		"server-3: ")
	labtest.Expect(t, err, "connection refused")
}

// Goal: a cluster that is not there is refused in words. Method: a topology without servers, a wrong name,
// a kubeconfig that is none.
func TestClustersThatCannotBeAsked(t *testing.T) {
	machines := newMachines(t)
	labtest.Expect(t, Cluster{Servers: []string{"server-9"}}.NodesReady(1).Check(t.Context(), machines),
		`the topology has no node "server-9": its nodes are `)
	testkit.Must(t, machines.Lab.WriteFile(t.Context(), "server-1", harness.File{Path: kubeconfigFile, Data: []byte("}")}))
	_, err := Client(t.Context(), machines, "server-1")
	labtest.Expect(t, err, "parse "+kubeconfigFile)
	_, err = Cluster{}.servers(lonely{})
	labtest.Expect(t, err, "the topology has no node of role k3s-server")
}

type lonely struct{ harness.Observer }

func (lonely) Topology() harness.Topology { return harness.Topology{} }

// Goal: an API server that comes up is not ready, and tells what is missing in few words. Method: what k3s
// 1.34.0 answers a moment after its start.
func TestAnswers(t *testing.T) {
	machines := newMachines(t)
	served := &api{answers: map[string]any{"GET /readyz": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac/bootstrap-roles failed: reason "+
			"withheld\nreadyz check failed", http.StatusInternalServerError)
	}}}
	machines.serve(t, "server-1", "secret", served)
	probe := Cluster{Servers: []string{"server-1"}}.Answers()
	labtest.Expect(t, probe.Check(t.Context(), machines), "server-1: not ready yet: etcd, poststarthook/rbac/bootstrap-roles")
	served.set("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "starting")
	})
	labtest.Expect(t, probe.Check(t.Context(), machines), "server-1: starting")
	served.set("GET /readyz", "ok")
	labtest.Expect(t, probe.Check(t.Context(), machines), "")
}
