package contracts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

const ganetiLabel = "ganeti"

// ganetiLimit allows for a cluster that is founded within one part.
const ganetiLimit = 8 * time.Minute

// hypervisorBits is the length of the prefixes of the hypervisors' networks.
const hypervisorBits = 24

// otherSSHPort is where an SSH server can be moved to.
const (
	sshPort      = 22
	otherSSHPort = 2222
)

var node1, node2 = fixtures.GanetiNode(1), fixtures.GanetiNode(2)

var _ = Describe("On two hypervisors", Label(large, ganetiLabel), Ordered, ContinueOnFailure, func() {
	cluster, err := ganeti.ClusterOf(fixtures.GanetiReplicating())
	if err != nil {
		panic(err) // there are no specs without it
	}
	both := hypervisors{cluster, cluster.On(node1), ganeti.Snapshot{}}
	run(fixtures.GanetiReplicating(), func(func() *lab.Lab) parts { return both.parts() },
		func(context.Context, *lab.Lab) error { return nil })
})

// hypervisors are two machines with Ganeti, which a part makes a cluster of.
type hypervisors struct {
	cluster  ganeti.Cluster
	on       ganeti.Session
	snapshot ganeti.Snapshot // of the cluster as it was founded
}

// wikis are the instances that are created on the two.
func (h hypervisors) wikis() (first, second ganeti.Instance) {
	return h.cluster.Instances[0], h.cluster.Instances[1]
}

// works is what holds of the cluster in peace.
func (h hypervisors) works() []harness.Probe {
	first, second := h.wikis()
	return harness.All(
		ganeti.Manageable(h.cluster), ganeti.OneMaster(h.cluster), ganeti.Agreed(node1, node2), ganeti.NodeDaemon(node2),
		ganeti.Serves(first), ganeti.Serves(second))
}

// parts are all of Ganeti's but for those of disks, which these machines do not have.
func (h hypervisors) parts() parts {
	all := parts{limit: ganetiLimit}
	for _, some := range [][]spec{
		h.founding(), each(asked, h.probes()), h.faults(), h.instances(), h.addresses(), h.masters(), h.losses(), h.takeover(),
	} {
		all.sequence = append(all.sequence, some...)
	}
	return all
}

func (h hypervisors) founding() []spec {
	other := fixtures.GanetiOtherAddress()
	return []spec{
		carriedOut(labtest.RunbookCase{Runbook: ganeti.Booted(node2)}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.UnreachableRoute(node1, other)}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.RemoveUnreachableRoute(node1, other)}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.CreateCluster{Cluster: h.cluster}, Promises: h.works()}),
		prepared("a snapshot of the cluster", func(ctx context.Context, cluster *lab.Lab) error {
			taken, err := ganeti.TakeSnapshot(ctx, cluster, h.cluster)
			maps.Copy(h.snapshot, taken)
			return err
		}),
	}
}

func (h hypervisors) probes() []labtest.ProbeCase {
	first, second := h.wikis()
	return []labtest.ProbeCase{
		{Probe: ganeti.Serves(first)},
		{Probe: ganeti.ServesAtOnce(second)},
		{Probe: ganeti.ServesPatient(first)},
		{Probe: ganeti.RunsOn(second, node2)},
		{Probe: h.cluster.Holders()[0]},
		{Probe: ganeti.OneMaster(h.cluster)},
		{Probe: ganeti.NodeDaemon(node2)},
		{Probe: ganeti.Agreed(node1, node2)},
		{Probe: ganeti.Manageable(h.cluster)},
		{Probe: ganeti.ManageableByName(h.cluster, node2)},
		{Probe: ganeti.OneCommander(h.cluster)},
		{Probe: ganeti.DaemonByName(h.cluster, node1, node2)},
		{Probe: ganeti.SecondaryDaemon(h.cluster, node1, node2)},
	}
}

// watched is how often the watchdog looks here.
const watched = 3 * time.Second

func (h hypervisors) faults() []spec {
	first, second := h.wikis()
	secondary, other := fixtures.GanetiSecondary(2), fixtures.GanetiOtherSecondary(2)
	return []spec{
		struck(labtest.FaultCase{
			Fault:   secondaryMoves(secondary, other),
			Refused: nowhere(ganeti.NodeMoved{Node: nobody, From: secondary, To: slash24(other)}),
		}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.Watch(node1, watched)}),
		struck(labtest.FaultCase{
			Fault:   ganeti.InstanceDeath{Instance: second, Node: node2},
			Refused: nowhere(ganeti.InstanceDeath{Instance: first, Node: node2}, ganeti.InstanceDeath{Instance: first, Node: nobody}),
			Lasting: "what starts it again is the watchdog",
			Planned: []drift.Planned{{Kind: harness.KindProcess, Key: "**ganeti**", Because: "the watchdog looks, or does not"}},
		}),
		runs("the watchdog ends", node1, "pkill", "-f", "ganeti-watcher"),
	}
}

func (h hypervisors) instances() []spec {
	_, second := h.wikis()
	return []spec{
		carriedOut(labtest.RunbookCase{Runbook: h.on.Migrate(second, node1), Promises: harness.All(ganeti.RunsOn(second, node1))}),
		carriedOut(labtest.RunbookCase{Runbook: h.on.Failover(second, node2), Promises: harness.All(ganeti.RunsOn(second, node2))}),
		carriedOut(labtest.RunbookCase{
			Runbook: h.on.Drain(node2, node1, second), Promises: harness.All(ganeti.RunsOn(second, node1)),
		}),
		runs(node2+" takes instances again", node1, "gnt-node", "modify", "--drained=no", h.cluster.Full(node2)),
		carriedOut(labtest.RunbookCase{Runbook: h.on.Shutdown(second), Promises: harness.All(not(ganeti.Serves(second)))}),
		carriedOut(labtest.RunbookCase{Runbook: h.on.StartInstances(second), Promises: harness.All(ganeti.Serves(second))}),
		does(second.Name+" is where it was", h.on.Migrate(second, node2)),
	}
}

func (h hypervisors) addresses() []spec {
	at, secondary := fixtures.GanetiNodeAddress(2), fixtures.GanetiSecondary(2)
	otherAt, otherSecondary := fixtures.GanetiOtherNode(2), fixtures.GanetiOtherSecondary(2)
	moved := h.cluster
	moved.Address = fixtures.GanetiOtherAddress()
	return []spec{
		carriedOut(labtest.RunbookCase{
			Runbook: ganeti.MoveSSH(node2, otherSSHPort), Promises: harness.All(listens(at, otherSSHPort)),
		}),
		carriedOut(labtest.RunbookCase{Runbook: h.on.SSHPort(node2, otherSSHPort)}),
		does("the SSH server is where it was", ganeti.MoveSSH(node2, sshPort)),
		carriedOut(labtest.RunbookCase{
			Runbook: ganeti.Retry(h.on.SSHPort(node2, sshPort)), Promises: harness.All(listens(at, sshPort)),
		}),

		strikes(node2+" has another secondary address", secondaryMoves(secondary, otherSecondary)),
		carriedOut(labtest.RunbookCase{
			Runbook:  h.on.SecondaryAddress(node2, otherSecondary),
			Promises: harness.All(ganeti.SecondaryDaemon(h.cluster, node1, node2)),
		}),
		strikes(node2+" has its old secondary address", secondaryMoves(otherSecondary, secondary)),
		does("the cluster knows the old secondary address", h.on.SecondaryAddress(node2, secondary)),

		carriedOut(labtest.RunbookCase{
			Runbook: h.on.MoveTo(moved.Address), Promises: harness.All(ganeti.ManageableByName(h.cluster, node1)),
		}),
		does("the cluster is where it was", moved.On(node1).MoveTo(h.cluster.Address)),

		strikes(node2+" has another address", ganeti.NodeMoved{Node: node2, From: at, To: slash24(otherAt)}),
		carriedOut(labtest.RunbookCase{
			Runbook: h.on.NodeAddress(node2, at, otherAt), Promises: harness.All(ganeti.DaemonByName(h.cluster, node1, node2)),
		}),
		strikes(node2+" has its old address", ganeti.NodeMoved{Node: node2, From: otherAt, To: slash24(at)}),
		does("the cluster knows the old address", h.on.NodeAddress(node2, otherAt, at)),
		prepared("the cluster works as before", peace(h.works()...)),
	}
}

func (h hypervisors) masters() []spec {
	return []spec{
		carriedOut(labtest.RunbookCase{Runbook: ganeti.MasterFailover(node2), Promises: h.works()}),
		does(node1+" is master again", ganeti.MasterFailover(node1)),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.AllowNoVoting(node1), Promises: harness.All(voteless(node1))}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.RequireVoting(node1), Promises: harness.All(not(voteless(node1)))}),
		carriedOut(labtest.RunbookCase{
			Runbook: h.cluster.StepDown(node1), Promises: harness.All(probe.Leaves(node1, h.cluster.Address)),
		}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.Restart(node1), Promises: h.works()}),
	}
}

// losses have the second one off, and installed anew.
func (h hypervisors) losses() []spec {
	_, second := h.wikis()
	return []spec{
		does(node2+" is off", runbook.PowerOff{Node: node2}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.SwitchOn(node2), Promises: harness.All(ganeti.NodeDaemon(node2))}),
		does(node2+" is off for good", runbook.PowerOff{Node: node2}),
		carriedOut(labtest.RunbookCase{Runbook: h.on.Offline(node2)}),
		carriedOut(labtest.RunbookCase{Runbook: h.on.NodeFailover(node2), Promises: harness.All(ganeti.RunsOn(second, node1))}),
		carriedOut(labtest.RunbookCase{
			Runbook: ganeti.Reinstall(node2, time.Hour), Promises: harness.All(listens(fixtures.GanetiNodeAddress(2), sshPort)),
		}),
		carriedOut(labtest.RunbookCase{
			Runbook: h.on.Readd(node2), Promises: harness.All(ganeti.NodeDaemon(node2), ganeti.Agreed(node1, node2)),
		}),
		runs(node2+" is no member", node1, "gnt-node", "remove", h.cluster.Full(node2)),
		carriedOut(labtest.RunbookCase{
			Runbook: h.on.Join(node2), Promises: harness.All(ganeti.NodeDaemon(node2), ganeti.Agreed(node1, node2)),
		}),
	}
}

// takeover has the master off, and ends with the cluster as it was founded.
func (h hypervisors) takeover() []spec {
	lost := fixtures.GanetiNodeAddress(1)
	return []spec{
		does(node1+" is off", runbook.PowerOff{Node: node1}, ganeti.UnreachableRoute(node2, lost)),
		carriedOut(labtest.RunbookCase{
			Runbook:  ganeti.MasterFailoverWithoutVote(node2),
			Promises: harness.All(ganeti.OneMaster(h.cluster), ganeti.Manageable(h.cluster)),
		}),
		does("the daemons of "+node2+" ask for votes", ganeti.Restart(node2)),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.AwaitMasterdExit(node2)}),
		does("both are installed anew", h.cluster.StepDown(node2), ganeti.RemoveUnreachableRoute(node2, lost),
			runbook.PowerOn{Node: node1}, runbook.Reinstall{Node: node1}, runbook.Reinstall{Node: node2}),
		carriedOut(labtest.RunbookCase{Runbook: ganeti.Restore{Cluster: h.cluster, Snapshot: h.snapshot}, Promises: h.works()}),
	}
}

// secondaryMoves is the second one with another address in the network of the disks.
func secondaryMoves(from, to netip.Addr) ganeti.NodeMoved {
	return ganeti.NodeMoved{Node: node2, From: from, To: slash24(to)}
}

func slash24(address netip.Addr) netip.Prefix { return netip.PrefixFrom(address, hypervisorBits) }

// does carries runbooks out to prepare something.
func does(what string, runbooks ...harness.Runbook) spec {
	return prepared(what, func(ctx context.Context, cluster *lab.Lab) error {
		for _, one := range runbooks {
			if _, err := runbook.Run(ctx, cluster, one); err != nil {
				return err
			}
		}
		return nil
	})
}

// strikes brings a fault about that the next parts go on from: nobody reverts it.
func strikes(what string, fault harness.Fault) spec {
	return prepared(what, func(ctx context.Context, cluster *lab.Lab) error {
		_, err := fault.Inject(ctx, cluster)
		return err
	})
}

// not claims the contrary of a probe.
func not(claim harness.Probe) probe.Func {
	return probe.Func{
		Label: "not: " + claim.Name(), Every: claim.Period(),
		Ask: func(ctx context.Context, observer harness.Observer) error {
			if claim.Check(ctx, observer) == nil {
				return errors.New("it does")
			}
			return nil
		},
	}
}

// listens claims that an address takes connections at a port.
func listens(address netip.Addr, port uint16) probe.NetworkProbe {
	at := netip.AddrPortFrom(address, port)
	return probe.NetworkProbe{
		Label: fmt.Sprintf("%s takes connections", at), Checks: probe.Fixed(harness.Check{TCP: &harness.TCPCheck{At: at}}),
	}
}

// voteless claims that a node's daemons may be master without a vote.
func voteless(node string) probe.Func {
	return probe.Func{
		Label: node + " needs no vote", Every: time.Second,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			is, err := ganeti.IsVoteless(ctx, observer, node)
			if err == nil && !is {
				err = errors.New("it needs one")
			}
			return err
		},
	}
}
