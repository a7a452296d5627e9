package renumbering

import (
	"net/netip"
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

// The postmortem's open question: may a node keep its name when its address changes?
var _ = Describe("A node's name", Label("nomad", "consul"), func() {
	It("may change with the address when everything is stopped and peers.json is written", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), tenMinutes)
		steady, writes := wholeCluster(), writesTo(3)

		renumber(ctx, drill, steady, writes...)
		newNames := map[string]string{"nomad-1": "renamed-1", "nomad-2": "renamed-2", "nomad-3": "renamed-3"}
		By("giving every Nomad server a new name along with its new address")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.PeersRecovery{Names: newNames})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		drill.Finding("with all servers stopped the name makes no difference: new names came back as well as kept ones")
	}, SpecTimeout(25*time.Minute))

	// moved is the address change of one live server, to where the others can still reach it.
	moved := fault.AddressChange{Node: "nomad-3", To: netip.MustParseAddr("fd00:d1::123")}
	reach := harness.All(nomad.Quorum(3))

	It("may not stay when one server moves while the others run", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: time.Minute, GiveUpAfter: 75 * time.Second})
		drill.Claim(harness.Missed, "gossip keeps the old address of a name that conflicts",
			harness.NotRecovered.Of(nomad.Quorum(3).Name()))
		writes := writesTo(3)

		Expect(drill.Baseline(ctx, reach)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		Expect(drill.Inject(ctx, moved)).To(Succeed())
		Expect(drill.Detect(ctx, reach)).To(Succeed())
		By("restarting the server at its new address under its old name")
		started := time.Now()
		Expect(drill.Repair(ctx, runbook.MoveLive{Service: nomad.Agents().On("nomad-3")})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, reach)).To(MatchError(harness.ErrNotRecovered))
		keepLogLine(ctx, drill, "nomad-3", started, nomad.LogNameConflict)
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(6*time.Minute))

	It("that is new lets one server move while the others run", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: 2 * time.Minute})
		writes := writesTo(3)

		Expect(drill.Baseline(ctx, reach)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		Expect(drill.Inject(ctx, moved)).To(Succeed())
		Expect(drill.Detect(ctx, reach)).To(Succeed())
		By("restarting the server at its new address under a new name")
		Expect(drill.Repair(ctx, runbook.MoveLive{Service: nomad.Agents().On("nomad-3"), NewName: "nomad-3-moved"})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, reach)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(6*time.Minute))
})
