package conduct_test

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// A framework that suite and drilltest do not know has drills when it has a [conduct.Test].
func Example() {
	_ = func(ctx context.Context, test conduct.Test, config contract.Config) error {
		spec := conduct.Spec{Text: "a power loss", Title: "A power loss", Scenario: "ourincident", Seed: config.Seed}
		drill := conduct.Begin(ctx, test, config, spec, fixtures.Site(), harness.Objective{RTO: time.Minute, NoData: true})
		return drill.Judge()
	}
}
