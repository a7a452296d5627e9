// Package virtualisation replays what volunteers met who run virtual machines on a few hypervisors with Ganeti and DRBD
// (postmortem undated-ganeti-drbd). README-drbd.md ties each statement of their wiki about DRBD to the spec that proves it.
package virtualisation

import (
	"testing"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/scenarios/internal/suite"
)

func TestVirtualisation(t *testing.T) {
	suite.Run(t, "virtualisation", suite.NeedsFor("drbd", fixtures.DRBDPair()))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-ganeti-drbd"
