package k3s_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

// What a drill claims of a cluster, and what an operator does who has lost two of three servers.
func Example() {
	cluster := k3s.Cluster{} // of all nodes with the role of a server
	steady := harness.All(cluster.NodesReady(3), cluster.Available("web", "canary"),
		k3s.ServiceAnswers("the canary answers", "agent-1", 30080, "", "/"))
	for _, claim := range steady {
		fmt.Println(claim.Name())
	}
	for _, step := range (k3s.ClusterReset{Survivor: "server-1"}).Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// 3 nodes Ready
	// deployment web/canary available
	// the canary answers
	// stop k3s on every server
	// reset the cluster on server-1
	// start k3s on server-1
	// wait until server-1 is Ready
	// have the other servers join server-1
}
