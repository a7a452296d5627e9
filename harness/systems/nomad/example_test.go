package nomad_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

// What a drill asks of a cluster, what it writes, and how lost quorum is recovered by hand. The cluster is one server in memory.
func Example() {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "nomad-1", Role: nomad.ServerRole, IPv6: netip.MustParseAddr("fd00:d1::21")},
	}})
	defer machines.Close()
	api := http.NewServeMux()
	api.Handle("/v1/status/leader", labtest.Says(http.StatusOK, `"[fd00:d1::21]:4647"`))
	api.Handle("/v1/operator/raft/configuration",
		labtest.Says(http.StatusOK, `{"Servers": [{"Address": "[fd00:d1::21]:4647", "Voter": true}]}`))
	machines.Serve("nomad-1", "127.0.0.1:4646", api)

	for _, claim := range harness.All(nomad.Quorum(1), nomad.Leader()) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	fmt.Println(nomad.Variables("drill").Name())
	for _, step := range nomad.PeersJSON().Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// nomad quorum of 1: <nil>
	// nomad leader: <nil>
	// nomad variables drill
	// stop every Nomad agent
	// write the new addresses into /etc/nomad.d
	// write peers.json
	// start every Nomad agent
	// wait until every Nomad agent answers
	// verify that peers.json was taken
}
