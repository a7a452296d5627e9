package virtualisation

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// watched is how often the watchdog looks here; cron lets it look every five minutes where nobody has changed that.
const watched = 3 * time.Second

// bitten is the target of what the watchdog puts right.
var bitten = harness.Objective{RTO: time.Minute, NoData: true, Dwell: dwell, GiveUpAfter: 75 * time.Second}

// leftAlone is long enough for the watchdog to have looked three times.
var leftAlone = harness.Objective{RTO: 5 * watched, NoData: true, Dwell: dwell, GiveUpAfter: 6 * watched}

var _ = Describe("The watchdog", Label("ganeti", postmortem), func() {
	It("starts an instance that has died", func(ctx SpecContext) {
		drill := begin(ctx, 2, bitten)
		drill.carry(ctx, ganeti.Watch(node1, watched))
		steady := harness.SteadyState(drill.served(node2))
		Expect(drill.Unaffected(ctx, drill.untouched(node1)...)).To(Succeed())
		Expect(drill.Watch(ctx, ganeti.Manageable(drill.cluster))).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, ganeti.InstanceDeath{Instance: drill.wiki(node2), Node: node2})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
	}, SpecTimeout(8*time.Minute))

	It("leaves an instance alone that somebody has shut down", func(ctx SpecContext) {
		drill := begin(ctx, 2, leftAlone)
		drill.Claim(harness.Missed, "who shuts an instance down does not want it to be started", harness.NotRecovered)
		drill.carry(ctx, ganeti.Watch(node1, watched))
		steady := harness.SteadyState(drill.served(node2))
		Expect(drill.Unaffected(ctx, drill.untouched(node1)...)).To(Succeed())
		Expect(drill.Watch(ctx, ganeti.Manageable(drill.cluster))).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: drill.cluster.On(node1).Shutdown(drill.wiki(node2))})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(MatchError(harness.ErrNotRecovered))
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(8*time.Minute))
})
