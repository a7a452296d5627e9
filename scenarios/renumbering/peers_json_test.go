package renumbering

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

// A generation is a Raft protocol of Nomad: the format of peers.json differs between them.
type generation struct {
	protocol int
	topology func(servers int) harness.Topology
	other    int    // the protocol whose format this generation cannot read
	crash    string // what it says then
}

var (
	raftV3 = generation{protocol: 3, topology: fixtures.NomadConsul, other: 2, crash: nomad.LogArrayRefused}
	raftV2 = generation{protocol: 2, topology: fixtures.NomadConsulRaft2, other: 3, crash: nomad.LogObjectsRefused}
)

var _ = Describe("Nomad after a renumbering", Label("nomad", "consul", postmortem), func() {
	DescribeTable("does not elect a leader after stop, change, start", func(ctx SpecContext, generation generation) {
		drill := begin(ctx, generation.topology(3), watchedBriefly)
		drill.Claim(harness.Missed, "Raft's own state still holds the old addresses, whatever the configuration says",
			harness.NotRecovered)
		steady := wholeCluster()

		renumber(ctx, drill, steady)
		By("doing for Nomad what was enough for Consul, and nothing else")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.StopRenumberStart())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		By("judging: Consul is back, Nomad never was")
		Expect(drill.Judge()).To(Succeed())
		Expect(neverReturned(drill.Record(), nomad.Quorum(3))).To(BeTrue(), "Nomad found a leader by itself")
		Expect(neverReturned(drill.Record(), consul.Quorum(3))).To(BeFalse(), "Consul did not come back")
	},
		Entry("Raft protocol 3", raftV3, SpecTimeout(6*time.Minute)),
		Entry("Raft protocol 2", Label("raft-v2"), raftV2, SpecTimeout(6*time.Minute)),
	)

	DescribeTable("is recovered by peers.json, nothing lost", func(ctx SpecContext, generation generation) {
		drill := begin(ctx, generation.topology(3), tenMinutes)
		steady, writes := wholeCluster(), writesTo(generation.protocol)
		Expect(drill.StartRegisters(ctx, registersOf(generation.protocol)...)).To(Succeed())
		before := canaryProcess(ctx, drill)

		renumber(ctx, drill, steady, writes...)
		By("doing only what an operator could do")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("looking for acknowledged writes that did not survive")
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(canaryProcess(ctx, drill)).To(Equal(before), "the job was started again")
		drill.Finding("the job kept its allocation and its process through stop, peers.json and start")
		By("looking whether the audit has found the old addresses that are there for sure")
		Expect(drill.Record().Mentions).To(ContainElement(And(
			HaveField("Where", harness.WhereFile), HaveField("Key", HavePrefix("/var/lib/nomad/server/serf/")),
			HaveField("Because", Not(BeEmpty())),
		)), "nobody found gossip's diary")
	},
		Entry("Raft protocol 3", Label("smoke"), raftV3, SpecTimeout(25*time.Minute)),
		Entry("Raft protocol 2", Label("raft-v2"), raftV2, SpecTimeout(25*time.Minute)),
	)

	It("is recovered by peers.json although a server loses power in the middle of it", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), tenMinutes)
		steady, writes := wholeCluster(), writesTo(3)
		button := runbook.PowerOn{Node: "nomad-2"}
		By("having a server lose its power when peers.json has just been taken, before anybody is at its button")
		Expect(drill.DuringRecovery(fault.PowerLoss{Node: "nomad-2"}, harness.BeforeStep("power on nomad-2"))).To(Succeed())

		renumber(ctx, drill, steady, writes...)
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.PeersJSON(), button)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		drill.Finding("a server that has taken peers.json keeps the new configuration: without power and back, it is a voter at " +
			"its new address")
	}, SpecTimeout(25*time.Minute))

	DescribeTable("crashes on a peers.json in the other generation's format", func(ctx SpecContext, generation generation) {
		drill := begin(ctx, generation.topology(3), watchedBriefly)
		drill.Claim(harness.Missed, "a peers.json that Nomad cannot read ends every server at its start",
			harness.NotRecovered)
		steady := wholeCluster()

		renumber(ctx, drill, steady)
		By("writing the format that the other Raft protocol wants")
		started := time.Now()
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.PeersRecovery{Protocol: generation.other})).
			To(MatchError(ContainSubstring("peers.json")))
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		By("finding the exact error in every server's log")
		for _, server := range drill.Lab.Topology().Selected(nomad.ServerRole) {
			keepLogLine(ctx, drill, server.Name, started, generation.crash)
			Expect(drill.Lab.Status(ctx, server.Name)).To(HaveField("Running", BeFalse()))
		}
		Expect(drill.Judge()).To(Succeed())
	},
		Entry("Raft protocol 3", raftV3, SpecTimeout(6*time.Minute)),
		Entry("Raft protocol 2", Label("raft-v2"), raftV2, SpecTimeout(6*time.Minute)),
	)
})
