package k3s

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: runbooks do what all of them have to do but for their work. Method: the contract, on machines in memory.
func TestRunbookContract(t *testing.T) {
	const undone = "machines in memory run no k3s"
	for _, c := range []labtest.RunbookCase{
		{Runbook: ClusterReset{Cluster: Cluster{Servers: []string{"server-1"}}, Survivor: "server-1"}, Undone: undone},
		{Runbook: ClusterReset{Survivor: "server-1", Snapshot: "/srv/snapshot", Alone: true}, Undone: undone},
		{Runbook: Rejoin("server-2", "server-1"), Undone: undone},
		{Runbook: Cluster{}.RecreatePods("web", "app=canary"), Undone: undone},
	} {
		labtest.Expect(t, labtest.TestRunbook(t.Context(), newMachines(t), c), "")
	}
}
