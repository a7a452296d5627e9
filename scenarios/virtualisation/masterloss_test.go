package virtualisation

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// takenOver is the target of a takeover: what an operator needs who is there, and knows the commands.
var takenOver = harness.Objective{RTO: 5 * time.Minute, NoData: true, Dwell: dwell}

// inOrder is the target of what is put right by a few commands. Two master daemons alone ask a minute each for votes.
var inOrder = harness.Objective{RTO: 5 * time.Minute, NoData: true, Dwell: dwell, GiveUpAfter: 6 * time.Minute}

// refusal is what a cluster of two says to a vote.
const refusal = "Master-failover with voting is only possible if the majority of nodes are still healthy"

var _ = Describe("A lost master", Label("ganeti", postmortem), func() {
	DescribeTable("is replaced by a vote where three nodes are", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, 3, takenOver)
		drill.takesOver(ctx, lose, ganeti.MasterFailover(node2))
	},
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(15*time.Minute)),
		Entry("processes killed", Label("nightly"), fault.Loss(fault.Killed), SpecTimeout(15*time.Minute)),
	)

	DescribeTable("is replaced by force where two nodes are, after a vote was refused", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, 2, takenOver)
		drill.takesOver(ctx, lose, append([]harness.Runbook{
			runbook.ExpectError{Runbook: ganeti.MasterFailover(node2), With: refusal},
		}, forced()...)...)
	},
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(15*time.Minute)),
		Entry("processes killed", Label("nightly"), fault.Loss(fault.Killed), SpecTimeout(15*time.Minute)),
	)
})

// forced makes node2 master whatever anybody says, now and whenever its daemons start.
func forced() []harness.Runbook {
	return []harness.Runbook{ganeti.MasterFailoverWithoutVote(node2), ganeti.AllowNoVoting(node2)}
}

// takesOver is the story of every takeover: node1 is lost, node2 becomes master and starts node1's instance.
func (s *story) takesOver(ctx context.Context, lose fault.Loss, takeover ...harness.Runbook) {
	GinkgoHelper()
	steady := append(s.served(node1), ganeti.Manageable(s.cluster), ganeti.OneMaster(s.cluster))
	Expect(s.Unaffected(ctx, s.untouched(s.cluster.Nodes[1:]...)...)).To(Succeed())
	Expect(s.Baseline(ctx, steady)).To(Succeed())
	By("losing the master, and the instance on it")
	Expect(s.Inject(ctx, lose(node1))).To(Succeed())
	Expect(s.Detect(ctx, steady)).To(Succeed())
	By("making sure that it is off, and having " + node2 + " take over")
	Expect(s.Repair(ctx, runbook.PowerOff{Node: node1})).To(Succeed())
	Expect(s.Repair(ctx, takeover...)).To(Succeed())
	Expect(s.Repair(ctx, s.withoutNode1()...)).To(Succeed())
	Expect(s.AwaitRecovery(ctx, steady)).To(Succeed())
	s.tellMasters()
	Expect(s.Judge()).To(Succeed())
	Expect(s.Record().Judgement.RecoveredBy).To(Equal(harness.ByRunbook))
}

// withoutNode1 has node2 give node1 up, and run what was on it.
func (s *story) withoutNode1() []harness.Runbook {
	return []harness.Runbook{
		s.cluster.On(node2).Offline(node1),
		s.cluster.On(node2).NodeFailover(node1),
	}
}

var _ = Describe("A survivor that was made master by force", Label("ganeti", postmortem), func() {
	It("does not come up again without the two lines", func(ctx SpecContext) {
		drill := begin(ctx, 2, inOrder)
		drill.survives(ctx, ganeti.MasterFailoverWithoutVote(node2))
		steady := harness.All(ganeti.Manageable(drill.cluster))
		Expect(drill.Unaffected(ctx, drill.untouched(node1, node2)...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("restarting its daemons, as any upgrade does")
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: ganeti.Restart(node2)})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("waiting until they have given up, and writing the two lines")
		Expect(drill.Repair(ctx, ganeti.AwaitMasterdExit(node2), ganeti.AllowNoVoting(node2),
			ganeti.Restart(node2))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		drill.tellMasters()
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(14*time.Minute))

	It("is one master of two when the old one comes back and the lines were left in place", func(ctx SpecContext) {
		drill := begin(ctx, 2, inOrder)
		drill.carry(ctx, ganeti.AllowNoVoting(node1))
		drill.survives(ctx, forced()...)
		steady := harness.All(ganeti.OneCommander(drill.cluster))
		both, agreed := bothCommand(drill.cluster), ganeti.Agreed(node1, node2)
		Expect(drill.Watch(ctx, both, agreed)).To(Succeed())
		Expect(drill.Unaffected(ctx, drill.untouched(node1, node2)...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("switching the old master on, where the lines are from the last time")
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: ganeti.SwitchOn(node1)})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.AwaitUp(ctx, both)).To(Succeed())
		Expect(pinged.Until(ctx, func(ctx context.Context) error { return ganeti.LeftAddress(ctx, drill.Lab, node1) })).To(Succeed())
		By("taking the old master's lines and its office, adding it again, and removing the lines of the new one")
		Expect(drill.Repair(ctx,
			ganeti.RequireVoting(node1),
			drill.cluster.StepDown(node1),
			drill.cluster.On(node2).Readd(node1),
			ganeti.RequireVoting(node2), ganeti.Restart(node2),
		)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		drill.tellMasters()
		Expect(drill.AwaitUp(ctx, agreed)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(14*time.Minute))
})

// pinged allows for the pings by which Ganeti asks whether another machine has the cluster's address.
var pinged = harness.Wait{
	For: "the old master to have asked for the cluster's address", Interval: 200 * time.Millisecond,
	Limit: 30 * time.Second,
}

// bothCommand claims that two nodes take orders for the cluster. It is watched, and fails in peace.
func bothCommand(cluster ganeti.Cluster) harness.Probe {
	return probe.Func{
		Label: "two nodes take orders", Every: time.Second,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			commanders, err := ganeti.Commanders(ctx, observer, cluster)
			if err == nil && len(commanders) < 2 {
				err = fmt.Errorf("only %q do", commanders)
			}
			return err
		},
	}
}

// survives has node1 lose its power and node2 take over, in peace.
func (s *story) survives(ctx context.Context, takeover ...harness.Runbook) {
	GinkgoHelper()
	By("losing " + node1 + " and having " + node2 + " take over, in peace")
	lost := fixtures.GanetiNodeAddress(1)
	s.carry(ctx, runbook.PowerOff{Node: node1}, ganeti.UnreachableRoute(node2, lost))
	s.carry(ctx, takeover...)
	s.carry(ctx, s.withoutNode1()...)
	s.carry(ctx, ganeti.RemoveUnreachableRoute(node2, lost))
}
