package contracts

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/turn"
)

const relayLabel = "relay"

var relay = turn.Server{
	Node: fixtures.RelayNode, User: fixtures.RelayUser, Password: fixtures.RelayPassword, From: fixtures.RelayCaller,
}

var _ = Describe("On a server that relays calls", Label(relayLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.RelayAlone(), relayParts, peace(turn.Relays(relay)))
})

func relayParts(func() *lab.Lab) parts {
	return parts{
		probes: []labtest.ProbeCase{{Probe: turn.Accepts(relay)}, {Probe: turn.Allocates(relay)}, {Probe: turn.Relays(relay)}},
		runbooks: []labtest.RunbookCase{
			{Runbook: turn.StopRenumberStart(), Promises: harness.All(turn.Relays(relay))},
		},
	}
}
