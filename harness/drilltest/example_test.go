package drilltest_test

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drilltest"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A whole drill in a plain test: a web server loses its power, and an operator presses the button.
func Example() {
	_ = func(t *testing.T) { // TestPowerLoss
		site := harness.HTTPCheck{At: fixtures.SiteAddress()}
		steady := harness.All(probe.NetworkProbe{Label: "the site answers", Checks: probe.Fixed(harness.Check{HTTP: &site})})
		drill := drilltest.Begin(t, fixtures.Site(), harness.Objective{RTO: time.Minute, NoData: true})
		ctx := drill.Context()

		drill.Must(drill.Baseline(ctx, steady))
		drill.Must(drill.Inject(ctx, fault.PowerLoss{Node: fixtures.SiteNode}))
		drill.Must(drill.Detect(ctx, steady))
		drill.Must(drill.Repair(ctx, runbook.PowerOn{Node: fixtures.SiteNode}))
		drill.Must(drill.AwaitRecovery(ctx, steady))
	}
}
