package renumbering

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

var _ = Describe("Losing one machine", Label("nomad"), func() {
	DescribeTable("the leader costs an election and no write", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: 30 * time.Second})
		steady, writes := harness.All(nomad.Leader()), harness.Ledgers(nomad.Variables("drill"))
		service := byNewAddress()
		Expect(drill.Unaffected(ctx, service)).To(Succeed())
		leader, err := nomad.LeaderNode(ctx, drill.Lab)
		Expect(err).NotTo(HaveOccurred())

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		Expect(drill.Inject(ctx, lose(leader))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("leaving the two others to elect a new leader")
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
	},
		Entry("processes killed", Label("smoke"), fault.Loss(fault.Killed), SpecTimeout(4*time.Minute)),
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(4*time.Minute)),
	)

	// Without its runbook this is red for one reason more when power is lost and the client's heartbeats went to this follower:
	// nobody refuses them, so that the client gives the connection up only after the 30 s of its keepalive. Its node is down by then
	// (its TTL has expired 22 s after the fault), and the canary is replaced about 28 s after the fault. A follower that is back
	// sooner costs nothing.
	DescribeTable("a follower costs neither leader nor service", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: 2 * time.Minute})
		steady, writes := harness.All(nomad.Quorum(3)), harness.Ledgers(nomad.Variables("drill"))
		leader, service := nomad.Leader(), byNewAddress()
		Expect(drill.Unaffected(ctx, leader, service)).To(Succeed())
		follower := anotherServer(ctx, drill)

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		Expect(drill.Inject(ctx, lose(follower))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("pressing its power button")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: follower})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	},
		Entry("processes killed", fault.Loss(fault.Killed), SpecTimeout(6*time.Minute)),
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(6*time.Minute)),
	)

	DescribeTable("the only client costs the service until it is back", func(ctx SpecContext, lose fault.Loss) {
		drill := begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: 3 * time.Minute, NoData: true})
		steady := harness.All(byNewAddress())
		leader := nomad.Leader()
		Expect(drill.Unaffected(ctx, leader)).To(Succeed())

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, lose("client-1"))).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("pressing its power button")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: "client-1"})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	},
		Entry("processes killed", fault.Loss(fault.Killed), SpecTimeout(8*time.Minute)),
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(8*time.Minute)),
	)
})

// anotherServer finds a server that does not lead.
func anotherServer(ctx context.Context, drill *suite.Drill) string {
	GinkgoHelper()
	leader, err := nomad.LeaderNode(ctx, drill.Lab)
	Expect(err).NotTo(HaveOccurred())
	servers := drill.Lab.Topology().Selected(nomad.ServerRole)
	return servers[slices.IndexFunc(servers, func(node harness.Node) bool { return node.Name != leader })].Name
}
