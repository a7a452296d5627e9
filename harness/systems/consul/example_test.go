package consul_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/consul"
)

// What a drill asks of a cluster, what it writes, and how the servers are moved to new addresses. The cluster is one server in
// memory.
func Example() {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "consul-1", Role: consul.ServerRole, IPv6: netip.MustParseAddr("fd00:d1::11")},
	}})
	defer machines.Close()
	api := http.NewServeMux()
	api.Handle("/v1/status/leader", labtest.Says(http.StatusOK, `"[fd00:d1::11]:8300"`))
	api.Handle("/v1/operator/raft/configuration",
		labtest.Says(http.StatusOK, `{"Servers": [{"Address": "[fd00:d1::11]:8300", "Voter": true}]}`))
	machines.Serve("consul-1", "127.0.0.1:8500", api)

	for _, claim := range harness.All(consul.Quorum(1), consul.Leader()) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	fmt.Println(consul.KV("drill").Name())
	for _, step := range consul.StopRenumberStart().Steps() {
		fmt.Println(step.Name)
	}
	// Output:
	// consul quorum of 1: <nil>
	// consul leader: <nil>
	// consul kv drill
	// stop every Consul agent
	// write the new addresses into /etc/consul.d
	// start every Consul agent
	// wait until every Consul agent answers
}
