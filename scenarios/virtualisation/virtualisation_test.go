// Package virtualisation replays what befalls two hypervisors of volunteers.
package virtualisation

import (
	"testing"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/scenarios/internal/suite"
)

func TestVirtualisation(t *testing.T) {
	suite.Run(t, "virtualisation", suite.NeedsFor("drbd", fixtures.DRBDPair()))
}
