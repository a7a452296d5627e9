package verdicts

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/suite"
)

func TestVerdicts(t *testing.T) {
	suite.Run(t, Scenario, suite.Prepare(fixtures.ConsulServers(servers)))
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
