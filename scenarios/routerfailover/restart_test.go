package routerfailover

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

var _ = Describe("Keepalived, restarted needlessly", Label("vrrp", "ospf", postmortem), func() {
	It("on the backup costs nothing today, where the wiki page says 5 s of lag", func(ctx SpecContext) {
		// The lag would come within two checks and an advertisement.
		objective := harness.Objective{Unnoticed: true, NoData: true, Dwell: once, DetectWithin: 20 * time.Second}
		drill := begin(ctx, fixtures.RoutersAsTheyWere(), objective)
		steady := drill.site.Works()
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: vrrp.Restart(drill.site.Second)})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(MatchError(harness.ErrNotDetected))
		drill.doubtStalls(ctx)
		drill.tellMasters()
		Expect(drill.Judge()).To(Succeed())
		for _, loss := range drill.losses() {
			Expect(loss.Down).To(BeZero(), loss.String())
		}
		drill.Finding("restarting keepalived on the backup: no client lost a single packet of those sent every 20 ms")
	}, SpecTimeout(5*time.Minute))

	It("on the acting master costs two starts of OSPF", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.RoutersAsTheyWere(), within(5*time.Second))
		drill.Claim(harness.Missed, "the other router takes over at once, and gives back a few seconds later: OSPF starts twice",
			harness.TooLate)
		drill.recovers(ctx, fault.Maintenance{Runbook: vrrp.Restart(drill.site.First)}, drill.settings.RestartOfMaster())
	}, SpecTimeout(5*time.Minute))
})
