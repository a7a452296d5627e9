package garage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/garage"
)

// What a drill asks of a store, and how its nodes are told their peers anew. The store is one node in memory, which has lost its
// peers.
func Example() {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{
			Name: "garage-1", Role: garage.ServerRole, IPv6: netip.MustParseAddr("fd00:d1::71"),
			System: harness.System{Secrets: []harness.Secret{harness.NewSecret("garage-admin-token")}},
		},
	}})
	defer machines.Close()
	machines.Serve("garage-1", "127.0.0.1:3903", labtest.Says(http.StatusServiceUnavailable, ""))

	store := garage.Store{Token: harness.Secret{Name: "garage-admin-token"}}
	for _, claim := range harness.All(garage.Available("garage-1"), store.Whole()) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	for _, step := range garage.NodeConnect().Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// garage-1 has a quorum: garage-1: answered 503 Service Unavailable
	// garage whole: garage-1: answered 503 Service Unavailable
	// write the new addresses into /etc
	// connect every node with every other
}
