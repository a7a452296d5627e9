package turn_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/turn"
)

// What a health check and a call see of a server that is down, and how one is moved to a new address.
func Example() {
	server := turn.Server{Node: "turn-1", User: "reprise", Password: harness.Secret{Name: "relay-password"}}
	password := harness.NewSecret("relay-password")
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{
			Name: server.Node, Role: turn.ServerRole, IPv4: netip.MustParseAddr("10.201.1.61"),
			System: harness.System{Secrets: []harness.Secret{password}},
		},
	}})
	defer machines.Close()

	for _, claim := range harness.All(turn.Accepts(server), turn.Allocates(server), turn.Relays(server)) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	for _, step := range turn.StopRenumberStart().Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// turn-1 accepts connections: connection refused
	// turn-1 gives relays: dial udp4: connection refused
	// turn-1 relays calls: dial udp4: connection refused
	// stop every coturn agent
	// write the new addresses into /etc
	// start every coturn agent
	// wait until every coturn agent answers
}
