package singlenode

import (
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/k3s"
)

// postmortemTime is the postmortem's own figure, of which the provider's reinstallation took half.
const (
	postmortemTime = 30 * time.Minute
	reinstallation = 15 * time.Minute
)

var _ = Describe("A node that does not start any more", Label("k3s", "ansible", "backup", postmortem), func() {
	It("is replaced by a temporary one, reinstalled from nothing, and given its visitors back", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: postmortemTime, RPO: dayOfWrites, GiveUpAfter: postmortemTime + time.Minute})
		steady, writes := harness.All(pageServed(), commentsServed(), nodeReady()), writes()

		drill.Peace(ctx, steady, writes)
		By("backing up in the night, and proving that the backup can be restored")
		Expect(backUp(ctx, drill.Lab)).To(Succeed())
		Expect(drill.Rehearse(ctx, "restoring the backup into empty databases", canBeRestored)).To(Succeed())
		By("corrupting the datastore, and having the machine boot")
		Expect(drill.Inject(ctx, k3s.CorruptDatastore{Node: fixtures.BlogMachine, Reboot: true})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("serving from a temporary node with last night's data, then reinstalling the machine and moving back")
		Expect(drill.Repair(ctx,
			restored(fixtures.BlogSpare), traffic(fixtures.BlogSpare),
			runbook.Reinstall{Node: fixtures.BlogMachine, Declared: reinstallation},
			moveBack(),
		)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("counting what was written since the backup, and nothing else, as lost")
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.Lost).To(BeNumerically(">", 0), "a backup cannot hold what was written after it")
		drill.Finding(fmt.Sprintf("visitors had the page back from the temporary node %.1f s after the fault, the provider's time "+
			"not counted", servedAgain(drill).Seconds()))
	}, SpecTimeout(40*time.Minute))
})

// servedAgain is when, after the fault, a visitor got the page for the first time: long before the drill counts
// the service as back, which it does when the node is and all has been moved.
func servedAgain(drill *suite.Drill) time.Duration {
	fault := drill.Record().Fault
	for i, interval := range drill.SLI(pageServed()).Intervals {
		if i > 0 && interval.Up && interval.From > fault.At {
			return interval.From - fault.At
		}
	}
	return 0
}

// moveBack takes the visitors away from the temporary node, so that nothing is written after its backup, and
// gives them back to a machine that has restored it.
func moveBack() harness.Runbook {
	spare := fixtures.BlogSpare
	return runbook.Of("move back to "+fixtures.BlogMachine, slices.Concat(
		[]harness.Step{
			runbook.Exec("close the door of "+spare, spare, "service-address", "drop"),
			runbook.Exec("back up "+spare, spare, "backup"),
		},
		restored(fixtures.BlogMachine).Steps(),
		traffic(fixtures.BlogMachine).Steps(),
	)...)
}
