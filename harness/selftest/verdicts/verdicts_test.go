// Package verdicts holds drills whose outcome is known before they begin, half of them broken on
// purpose, and holds the judge's verdict and figures against it. `make verdicts` runs them.
//
// A drill is drawn from the seed: which server, which delay, how many writes. What must come of it
// follows from what was done and from a [secondObserver] of its own, never from the record that is judged.
//
// Only a false verdict counts as wrong. A verdict that is inconclusive because the machine was starved
// while the drill ran is neither right nor wrong, and counted apart.
package verdicts

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/suite"
)

func TestVerdicts(t *testing.T) {
	suite.Run(t, "verdicts", suite.Prepare(fixtures.ConsulServers(servers)))
}

// servers is how many Consul servers every drill has.
const servers = 3

// specLimit is far beyond the longest drill: a drill that hangs must not stop the others.
const specLimit = 4 * time.Minute

var _ = Describe("Known outcomes:", func() {
	for _, drawn := range drawAll(GinkgoRandomSeed()) {
		It(drawn.text(), Label(drawn.labels()...), SpecTimeout(specLimit), func(ctx SpecContext) {
			perform(ctx, drawn)
		})
	}
})
