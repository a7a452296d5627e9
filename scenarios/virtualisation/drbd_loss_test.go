package virtualisation

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
)

// otherServes is the target of a lost machine or disk: the other one serves within a minute or so, and no row is lost.
var otherServes = harness.Objective{RTO: 90 * time.Second, RPO: 0, Dwell: dwell}

var _ = Describe("DRBD that loses", Label("drbd", postmortem), func() {
	It("the primary's power has its peer promoted, and the old one gets what it has missed", func(ctx SpecContext) {
		drill := beginPair(ctx, otherServes)
		first, second := drill.pair.First, drill.pair.Second
		Expect(drill.Baseline(ctx, drill.steady)).To(Succeed())
		Expect(drill.Milestones(ctx, harness.Milestone{
			Name: "the peer serves", Within: 45 * time.Second, Claims: harness.All(drbd.Serves(drill.pair)),
		})).To(Succeed())
		Expect(drill.StartWriting(ctx, drill.rows)).To(Succeed())
		By("writing one file that is on the disk, and one that is only in the guest's memory")
		drill.does(ctx, first, "sh", "-c", "echo kept > /srv/synced; sync; echo lost > /srv/unsynced")
		Expect(drill.Inject(ctx, fault.PowerLoss{Node: first})).To(Succeed())
		Expect(drill.Detect(ctx, drill.steady)).To(Succeed())
		Expect(drill.Repair(ctx, drbd.Promote(second), drbd.PowerOn(first))).To(Succeed())
		drill.tellFiles(ctx, second)
		drill.recovers(ctx)
		Expect(drill.lostRows()).To(BeZero())
	}, SpecTimeout(6*time.Minute))

	It("the secondary's disk, which is new and has no meta data until it is re-created", func(ctx SpecContext) {
		drill := beginPair(ctx, otherServes)
		drill.breaks(ctx, drbd.DiskLost{Node: drill.pair.Second})
		Expect(drill.Repair(ctx, drbd.RecreateDisk(drill.pair.Second))).To(Succeed())
		drill.recovers(ctx)
		Expect(drill.lostRows()).To(BeZero())
	}, SpecTimeout(6*time.Minute))
})

// tellFiles proves that a guest's power loss is one: what its kernel had only in memory is gone.
func (s *pairStory) tellFiles(ctx SpecContext, node string) {
	GinkgoHelper()
	synced, err := s.Lab.ReadFile(ctx, node, "/srv/synced")
	Expect(err).NotTo(HaveOccurred())
	Expect(string(synced)).To(Equal("kept\n"))
	unsynced, _ := s.Lab.ReadFile(ctx, node, "/srv/unsynced") // its name may be there, without its content
	Expect(string(unsynced)).NotTo(ContainSubstring("lost"), "the guest had not written it to its disk")
	s.Finding("a file that was synced survived the power loss, one that was not is gone or empty")
}
