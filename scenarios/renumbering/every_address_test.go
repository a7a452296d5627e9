package renumbering

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

var _ = Describe("Renumbering every server", Label("nomad", "consul"), func() {
	It("leaves the service up and everything that manages it down", Label(postmortem), func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), watchedBriefly)
		drill.Claim(harness.Missed, "running agents keep the addresses they were started with", harness.NotRecovered)
		steady := wholeCluster()
		Expect(drill.Watch(ctx, byNewAddress(), byOldAddress(), nomad.Leader(), consul.Leader())).To(Succeed())

		renumber(ctx, drill, steady)
		By("waiting for a recovery that nobody works on")
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		By("comparing what the three kinds of clients saw")
		Expect(drill.Judge()).To(Succeed())
		Expect(neverReturned(drill.Record(), consul.Quorum(3), nomad.Quorum(3), byOldAddress(), byName())).
			To(BeTrue(), "a quorum, a client who kept the old address or one who asks Consul came back by itself")
		new, suffered := drill.Outage(byNewAddress())
		Expect(!suffered || new.Returned && new.Down <= 2*time.Second).
			To(BeTrue(), "the job should go on for clients who know its new address; it was away for %v", new.Down)
		drill.Finding("the job's process goes on: a client who knows the new address hardly notices; one who kept the old address, " +
			"or asks Consul for the name, gets nothing")
	}, SpecTimeout(5*time.Minute))

	It("is survived by Consul with stop, change, start alone", Label(postmortem), func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), tenMinutes)
		steady, writes := harness.All(consul.Quorum(3)), harness.Ledgers(consul.FastKV("drill"))

		renumber(ctx, drill, steady, writes...)
		By("stopping every Consul server, changing its addresses, starting it")
		Expect(drill.Repair(ctx, consul.StopRenumberStart())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("looking for acknowledged writes that did not survive")
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.Lost).To(BeZero())
	}, SpecTimeout(25*time.Minute))
})

// neverReturned tells whether every one of the SLIs went down and stayed down.
func neverReturned(record harness.Record, probes ...harness.Probe) bool {
	for _, probe := range probes {
		stayedDown := false
		for _, outage := range record.Judgement.Outages {
			stayedDown = stayedDown || outage.SLI == probe.Name() && !outage.Returned
		}
		if !stayedDown {
			return false
		}
	}
	return true
}
