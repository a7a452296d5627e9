package role_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// A topology says by roles which nodes run a product: the probes and runbooks of the product find them.
func Example() {
	topology := harness.Topology{Nodes: []harness.Node{
		{Name: "consul-1", Role: role.ConsulServer}, {Name: "nomad-1", Role: role.NomadServer},
	}}
	for _, node := range topology.Selected(role.ConsulServer) {
		fmt.Println(node.Name)
	}
	// Output:
	// consul-1
}
