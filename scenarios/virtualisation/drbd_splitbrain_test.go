package virtualisation

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/drbd"
)

// settled is the target of a broken replication: minutes, and no row lost.
var settled = harness.Objective{RTO: time.Minute, RPO: 0, Dwell: dwell}

// discarded is why rows are lost that were acknowledged.
const discarded = "what the stale side has acknowledged since the split is discarded on purpose, and the RPO allows no row " +
	"to be lost"

var _ = Describe("DRBD whose link was cut", Label("drbd", postmortem), func() {
	It("settles it by itself when only one side has written", func(ctx SpecContext) {
		drill := beginPair(ctx, settled)
		drill.breaks(ctx, drbd.LinkOutage{Pair: drill.pair})
		By("leaving it to DRBD")
		drill.recovers(ctx)
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
		Expect(drill.lostRows()).To(BeZero())
	}, SpecTimeout(6*time.Minute))

	It("has a split brain when both have written, and the stale side's rows are discarded by hand", func(ctx SpecContext) {
		drill := beginPair(ctx, settled)
		drill.Claim(harness.Missed, discarded, harness.DataLost)
		drill.breaks(ctx, drbd.SplitBrain{Pair: drill.pair})
		By("deciding that " + drill.pair.Second + " is the stale side")
		Expect(drill.Repair(ctx, drill.pair.DiscardStaleSide(drill.pair.Second))).To(Succeed())
		drill.recovers(ctx)
		Expect(drill.lostRows()).To(BeNumerically(">", 0), "the stale side acknowledged rows")
	}, SpecTimeout(6*time.Minute))

	It("is stuck while a job holds the stale side's disk, until the job is removed", func(ctx SpecContext) {
		drill := beginPair(ctx, settled)
		drill.Claim(harness.Missed, discarded, harness.DataLost)
		stale := drill.pair.Second
		drill.breaks(ctx, drbd.SplitBrain{Pair: drill.pair, Job: drbd.Journal})
		By("finding that the disk is held, and that the job's daemon comes back when it is killed")
		drill.refuses(ctx, stale, "Device is held open by someone", "drbdadm", "secondary", "r0")
		drill.refuses(ctx, stale, "busy", "umount", "/srv")
		drill.does(ctx, stale, "killall", "syslogd")
		Eventually(func() error { return drill.tries(ctx, stale, "pidof", "syslogd") }, "20s", "200ms").Should(Succeed())
		drill.refuses(ctx, stale, "busy", "umount", "/srv")
		By("removing the job first")
		Expect(drill.Repair(ctx,
			drbd.RemoveJob(stale, drbd.Journal),
			drill.pair.DiscardStaleSide(stale),
		)).To(Succeed())
		drill.recovers(ctx)
		Expect(drill.lostRows()).To(BeNumerically(">", 0), "the stale side acknowledged rows")
	}, SpecTimeout(6*time.Minute))
})

// tries runs a command in a guest.
func (s *pairStory) tries(ctx SpecContext, node string, argv ...string) error {
	_, err := s.Lab.Exec(ctx, node, argv...)
	return err
}

// does runs a command in a guest that has to work.
func (s *pairStory) does(ctx SpecContext, node string, argv ...string) {
	GinkgoHelper()
	Expect(s.tries(ctx, node, argv...)).To(Succeed())
}

// refuses runs a command in a guest that has to fail, with these words. In the control arm without the fault there is
// nothing that could refuse.
func (s *pairStory) refuses(ctx SpecContext, node, words string, argv ...string) {
	GinkgoHelper()
	err := s.tries(ctx, node, argv...)
	refused, ended := errors.AsType[*harness.CommandError](err)
	Expect(ended).To(BeTrue(), "it was to be refused, and the error is %v", err)
	Expect(refused.Output).To(ContainSubstring(words))
}
