// Package nodeloss loses machines of a Kubernetes cluster run by k3s: an agent with a Deployment on it, one
// of three servers, and two of them. README.md says what Kubernetes promises and which spec measures it.
package nodeloss

import (
	"cmp"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

func TestNodeLoss(t *testing.T) {
	suite.Run(t, "nodeloss", suite.Prepare(fixtures.K3sCluster(3, 2)))
}

// cluster is all servers together, as behind a load balancer.
var cluster k3s.Cluster

// The canary: a Deployment with one pod, and its Service.
const (
	namespace = "default"
	canary    = "app=canary"
)

// begin brings the cluster up with the canary running in it.
func begin(ctx SpecContext, topology harness.Topology, objective harness.Objective, toleration time.Duration) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, topology, objective)
	By("waiting for the nodes, and deploying a service")
	Expect(cluster.WaitReady(ctx, drill.Lab, cluster.NodesReady(len(topology.Nodes)))).To(Succeed())
	Expect(cluster.Apply(ctx, drill.Lab, fixtures.K3sCanary(toleration))).To(Succeed())
	Expect(cluster.WaitReady(ctx, drill.Lab, cluster.PodsReady(namespace, canary))).To(Succeed())
	return drill
}

// serviceAt claims that the canary answers clients from outside who ask at the node.
func serviceAt(node string) harness.Probe {
	return k3s.ServiceAnswers("service answers at "+node, node, fixtures.K3sCanaryPort, "", "")
}

// apiAt claims that the API server of one node is ready.
func apiAt(node string) harness.Probe { return k3s.Cluster{Servers: []string{node}}.Answers() }

// firstError is what clients were told first when an SLI failed after t0.
func firstError(drill *suite.Drill, probe harness.Probe) string {
	fault := drill.Record().Fault
	for _, interval := range drill.SLI(probe).Intervals {
		if !interval.Up && interval.Seen > fault.At {
			return cmp.Or(interval.FirstError, interval.Error)
		}
	}
	return "nothing"
}
