package harness_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A drill needs a system to break and a target to hold its recovery against.
func Example() {
	shop := harness.Topology{
		Name: "shop",
		Networks: []harness.Network{
			{Name: "lan", IPv6: netip.MustParsePrefix("fd00:5::/64"), IPv4: netip.MustParsePrefix("10.5.0.0/24")},
		},
		Nodes: []harness.Node{{
			Name: "web-1", Role: "web", IPv6: netip.MustParseAddr("fd00:5::11"), IPv4: netip.MustParseAddr("10.5.0.11"),
			System: harness.System{
				Image:   harness.Image{Name: "nginx", Version: "1.29", Reference: "nginx:1.29"},
				Command: []string{"nginx", "-g", "daemon off;"},
			},
		}},
	}
	fmt.Println("what is wrong with the topology:", shop.Validate())

	objective := harness.Objective{RTO: 2 * time.Minute, NoData: true}
	fmt.Println("what is wrong with the objective:", objective.Validate())
	fmt.Println("a recovery counts when it has lasted for", objective.WithDefaults().Dwell)

	// Output:
	// what is wrong with the topology: <nil>
	// what is wrong with the objective: <nil>
	// a recovery counts when it has lasted for 5s
}
