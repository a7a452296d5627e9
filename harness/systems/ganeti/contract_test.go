package ganeti

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// daemons is why a runbook that waits for daemons is not carried out.
const daemons = "machines in memory have no daemons that answer"

// Goal: every runbook does what all of them have to do. Method: the contract, on machines in memory that carry out every command,
// and a fake clock.
func TestRunbookContract(t *testing.T) {
	cluster, at := aCluster(t), netip.MustParseAddr("10.203.1.99")
	instance := cluster.Instances[0]
	on := cluster.On("node1")
	for _, c := range []labtest.RunbookCase{
		{Runbook: on.Migrate(instance, "node2")},
		{Runbook: on.Failover(instance, "node2")},
		{Runbook: on.Drain("node1", "node2", cluster.Instances...)},
		{Runbook: on.Shutdown(instance)},
		{Runbook: Watch("node1", time.Second)},
		{Runbook: CreateCluster{Cluster: cluster}},
		{Runbook: on.Join("node2")},
		{Runbook: on.Readd("node2")},
		{Runbook: MoveSSH("node2", 2222)},
		{Runbook: on.SSHPort("node2", 2222)},
		{Runbook: Restore{Cluster: cluster, Snapshot: Snapshot{}}, Undone: daemons},
		{Runbook: on.MoveTo(at)},
		{Runbook: on.NodeAddress("node2", cluster.Address, at), Undone: "nobody has founded the cluster whose files it edits"},
		{Runbook: UnreachableRoute("node1", at)},
		{Runbook: RemoveUnreachableRoute("node1", at)},
		{Runbook: on.Offline("node2")},
		{Runbook: on.NodeFailover("node2")},
		{Runbook: Reinstall("node2", time.Hour)},
		{Runbook: on.StartInstances(cluster.Instances...)},
		{Runbook: Booted("node2")},
		{Runbook: on.ReplaceDisks(instance)},
		{Runbook: on.ReplaceSecondaryDisks(instance)},
		{Runbook: on.ActivateDisks(instance)},
		{Runbook: on.SecondaryAddress("node2", at)},
		{Runbook: Retry(on.SSHPort("node2", 22))},
		{Runbook: MasterFailover("node2")},
		{Runbook: MasterFailoverWithoutVote("node2")},
		{Runbook: AllowNoVoting("node2")},
		{Runbook: RequireVoting("node2")},
		{Runbook: Restart("node2")},
		{Runbook: SwitchOn("node2"), Undone: daemons},
		{Runbook: AwaitMasterdExit("node2"), Undone: daemons},
		{Runbook: cluster.StepDown("node2")},
	} {
		t.Run(c.Runbook.Name(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { labtest.Expect(t, labtest.TestRunbook(t.Context(), inMemory(t), c), "") })
		})
	}
}

// movable are machines in memory whose kernels say which addresses they have.
type movable struct{ *labtest.Lab }

func (m movable) StartCheck(
	_ context.Context, from string, check harness.Check, _ harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	now, err := m.Addresses(from)
	if err == nil && (now.IPv4 == check.Address.Has) == check.Address.Absent {
		err = errors.New("no")
	}
	samples([]harness.Sample{{Err: err}})
	return nil, nil
}

// Goal: a node that has moved is moved back by a revert, and the fault does all that faults have to do. Method: the contract, on
// machines in memory.
func TestFaultContract(t *testing.T) {
	from, to := netip.MustParseAddr("10.203.1.12"), netip.MustParsePrefix("10.203.1.99/24")
	synctest.Test(t, func(t *testing.T) {
		machines := movable{labtest.New(aTopology())}
		c := labtest.FaultCase{
			Fault:   NodeMoved{Node: "node2", From: from, To: to},
			Refused: []harness.Fault{NodeMoved{Node: "node9", From: from, To: to}},
		}
		labtest.Expect(t, labtest.TestFault(t.Context(), machines, c), "")
		machines.Close()
	})
}
