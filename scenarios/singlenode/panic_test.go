package singlenode

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
)

var _ = Describe("The only node", Label("k3s", postmortem), func() {
	It("panics, boots, and serves again with everything that it had acknowledged", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 5 * time.Minute})
		steady, writes := harness.All(nodeReady(), pageServed(), commentsServed()), writes()

		drill.Peace(ctx, steady, writes)
		By("taking its power in the middle of the writing")
		Expect(drill.Inject(ctx, fault.PowerLoss{Node: fixtures.BlogMachine})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("pressing the power button, which is all that anybody did")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: fixtures.BlogMachine})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("looking for acknowledged posts and comments that did not survive, and for damage")
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(databasesIntact(ctx, drill.Lab)).To(Succeed())
	}, SpecTimeout(12*time.Minute))
})
