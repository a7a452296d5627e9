package readonlyroot

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
)

var _ = Describe("The address, moved last", Label("ansible", postmortem), func() {
	It("moves without the clients' notice when both servers are ready", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{Unnoticed: true, NoData: true, DetectWithin: 30 * time.Second}, fixtures.ServerSite)
		By("installing the page on another server too")
		second := playbook(fixtures.ServerSite, fixtures.ServerNew, "install the page on "+fixtures.ServerNew)
		second.Tags = []string{"machine", "web"}
		play(ctx, drill, second)
		steady := harness.All(pageServed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("moving the address")
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: traffic(fixtures.ServerNew)})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(MatchError(harness.ErrNotDetected))
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(10*time.Minute))
})
