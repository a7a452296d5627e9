package suite_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
)

// A whole drill: a web server loses its power, and an operator presses the button. It stands in a folder of its own, at the
// level of the package, beside the test that runs the folder:
//
//	func TestOurIncident(t *testing.T) { suite.Run(t, "ourincident", suite.Prepare(fixtures.Site())) }
func Example() {
	_ = It("comes back when somebody presses the power button", func(ctx SpecContext) {
		site := harness.HTTPCheck{At: fixtures.SiteAddress()}
		steady := harness.All(probe.NetworkProbe{Label: "the site answers", Checks: probe.Fixed(harness.Check{HTTP: &site})})
		drill := suite.Begin(ctx, fixtures.Site(), harness.Objective{RTO: time.Minute, NoData: true})

		By("proving that all is well before anything is broken")
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("taking the power away, and seeing that clients notice")
		Expect(drill.Inject(ctx, fault.PowerLoss{Node: fixtures.SiteNode})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("doing only what an operator could do")
		Expect(drill.Repair(ctx, runbook.PowerOn{Node: fixtures.SiteNode})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
	}, SpecTimeout(5*time.Minute))
}
