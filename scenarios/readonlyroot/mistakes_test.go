package readonlyroot

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
)

// Drills whose runbook goes wrong on purpose: each must be missed, and say where.
var _ = Describe("A replacement that goes wrong", Label("ansible"), func() {
	It("names the disk that the old server still uses", func(ctx SpecContext) {
		drill := broken(ctx, "nobody has switched the old server off", diskMove().Steps()[0].Name)
		err := drill.Repair(ctx, diskMove())
		Expect(err).To(MatchError(And(ContainSubstring(fixtures.ServerDataDisk), ContainSubstring(fixtures.ServerOld))))
	}, SpecTimeout(10*time.Minute))

	It("names the address that the old server still answers for", func(ctx SpecContext) {
		send := traffic(fixtures.ServerNew)
		drill := broken(ctx, "nobody has switched the old server off, and it cannot be told anything", send.Steps()[0].Name)
		By("installing the new server, and sending it the clients")
		machine := playbook(fixtures.ServerSite, fixtures.ServerNew, "install the new server, as far as it goes without its disks")
		machine.Tags = []string{"machine"}
		err := drill.Repair(ctx, machine, send)
		Expect(err).To(MatchError(ContainSubstring("10.201.6.100 is already taken")))
	}, SpecTimeout(10*time.Minute))
})

// broken is a drill up to the repair of a server whose system has become read-only. The repair stops at the step.
func broken(ctx SpecContext, because, step string) *suite.Drill {
	GinkgoHelper()
	drill := begin(ctx, harness.Objective{RTO: partialTime, NoData: true}, fixtures.ServerSite)
	drill.Claim(harness.Missed, because, harness.RunbookStopped.Of(step))
	steady := service()
	Expect(drill.Baseline(ctx, steady)).To(Succeed())
	Expect(drill.Inject(ctx, readOnly())).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
	By("letting every client ask for another second")
	for _, claim := range steady {
		Eventually(ctx, func() time.Duration { return askedAfterFault(drill, claim) }).Should(BeNumerically(">", time.Second))
	}
	return drill
}

// askedAfterFault is how long after the fault a claim was asked last.
func askedAfterFault(drill *suite.Drill, claim harness.Probe) time.Duration {
	intervals := drill.SLI(claim).Intervals
	return intervals[len(intervals)-1].To - drill.Record().Fault.At
}

// diskMove is what is wrong with a replacement that leaves the old server switched on.
func diskMove() harness.Runbook { return runbook.Of("move the disks", moveDisksStep()) }
