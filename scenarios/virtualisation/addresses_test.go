package virtualisation

import (
	"fmt"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// The addresses that node2 moves to.
var (
	otherNode2      = netip.PrefixFrom(fixtures.GanetiOtherNode(2), 24)
	otherSecondary2 = netip.PrefixFrom(fixtures.GanetiOtherSecondary(2), 24)
)

var _ = Describe("An address", Label("ganeti", postmortem), func() {
	It("of the cluster is changed by renaming it to the name that it has", func(ctx SpecContext) {
		drill := begin(ctx, 2, inOrder)
		steady := harness.All(ganeti.ManageableByName(drill.cluster, node1))
		moved := probe.Holds(node1, fixtures.GanetiOtherAddress())
		Expect(drill.Watch(ctx, moved)).To(Succeed())
		Expect(drill.Unaffected(ctx, drill.untouched(node1, node2)...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		work := drill.cluster.On(node1).MoveTo(fixtures.GanetiOtherAddress())
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: work})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.AwaitUp(ctx, moved)).To(Succeed())
		Expect(drill.AwaitDown(ctx, probe.Holds(node1, fixtures.GanetiAddress()))).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
	}, SpecTimeout(12*time.Minute))

	It("of a node is changed in the configuration by hand, and the node is added again", func(ctx SpecContext) {
		drill := begin(ctx, 2, inOrder)
		steady := harness.All(ganeti.DaemonByName(drill.cluster, node1, node2))
		Expect(drill.Unaffected(ctx, drill.untouched(node1, node2)...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("moving a node to another address, of which nobody tells the cluster")
		Expect(drill.Inject(ctx, ganeti.NodeMoved{Node: node2, From: fixtures.GanetiNodeAddress(2), To: otherNode2})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("editing the configuration, for Ganeti has no command for it")
		work := drill.cluster.On(node1).NodeAddress(node2, fixtures.GanetiNodeAddress(2), otherNode2.Addr())
		Expect(drill.Repair(ctx, work)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(12*time.Minute))

	It("of a node in the network of the disks is changed by a command", func(ctx SpecContext) {
		drill := beginIn(ctx, fixtures.GanetiReplicating(), inOrder)
		steady := harness.All(ganeti.SecondaryDaemon(drill.cluster, node1, node2))
		Expect(drill.Expect(drift.Planned{
			Node: node2, Kind: harness.KindAddress, Key: "repl0**",
			Because: "it is the address that changes",
		})).To(Succeed())
		Expect(drill.Unaffected(ctx, append(drill.untouched(node1, node2), ganeti.NodeDaemon(node2))...)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		work := drill.cluster.On(node1).SecondaryAddress(node2, otherSecondary2.Addr())
		By("trying the command before the node has the address, which is refused")
		drill.carry(ctx, runbook.ExpectError{Runbook: work, With: lacksAddress})
		By("moving the node to another address there, of which nobody tells the cluster")
		Expect(drill.Inject(ctx, ganeti.NodeMoved{Node: node2, From: fixtures.GanetiSecondary(2), To: otherSecondary2})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.Repair(ctx, work)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.ByRunbook))
	}, SpecTimeout(12*time.Minute))
})

// lacksAddress is what Ganeti says to who gives a node a secondary address that it does not have.
const lacksAddress = "claims it doesn't have the secondary ip you gave"

// The ports of SSH servers that are not where everybody expects them.
const (
	sshPort      = 2222
	otherSSHPort = 2200
)

var _ = Describe("An SSH port other than 22", Label("ganeti", postmortem), func() {
	It("is named when the cluster is founded, and a node's own when it changes", func(ctx SpecContext) {
		lab := suite.Start(ctx, fixtures.Ganeti(2))
		cluster, err := ganeti.ClusterOf(lab.Topology())
		Expect(err).NotTo(HaveOccurred())
		carry := func(work harness.Runbook) {
			GinkgoHelper()
			_, err := runbook.Run(ctx, lab, work)
			Expect(err).NotTo(HaveOccurred())
		}
		By("founding a cluster of nodes whose SSH servers are at another port")
		for _, node := range cluster.Nodes {
			carry(ganeti.MoveSSH(node, sshPort))
		}
		carry(ganeti.CreateCluster{Cluster: cluster, SSHPort: sshPort})
		Expect(lab.Exec(ctx, node1, "gnt-cluster", "command", "hostname")).To(ContainSubstring("node2"))
		By("moving one node's to a third port, of which nobody tells the cluster")
		carry(ganeti.MoveSSH(node2, otherSSHPort))
		said, err := ganeti.Verify(ctx, lab, node1)
		Expect(err).NotTo(HaveOccurred())
		Expect(said).To(ContainElement(ContainSubstring(fmt.Sprintf("node2.%s port %d: Connection refused", fixtures.GanetiDomain,
			sshPort))))
		By("telling the cluster")
		carry(cluster.On(node1).SSHPort(node2, otherSSHPort))
		Expect(ganeti.Verify(ctx, lab, node1)).To(BeEmpty())
		By("running a command everywhere, which goes by the other node's port today")
		Expect(lab.Exec(ctx, node1, "gnt-cluster", "command", "-n", cluster.Full(node2), "hostname")).To(ContainSubstring("node2"))
		Expect(lab.Exec(ctx, node1, "gnt-cluster", "command", "hostname")).To(ContainSubstring("return code = 255"))
	}, SpecTimeout(12*time.Minute))
})
