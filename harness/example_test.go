package harness_test

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A drill needs a system to break and a target to hold its recovery against.
func Example() {
	lan := harness.NewNetwork("lan", 5)
	nginx := harness.System{
		Image:   harness.Image{Name: "nginx", Version: "1.29", Reference: "nginx:1.29"},
		Command: []string{"nginx", "-g", "daemon off;"},
	}
	shop := harness.Topology{
		Name: "shop", Networks: []harness.Network{lan}, Nodes: []harness.Node{lan.Node("web-1", "web", 11, nginx)},
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

// Three machines in one network: the standby is started when the primary takes connections, and clients ask the balancer.
func ExampleNetwork_Node() {
	database := harness.System{
		Image: harness.Image{Name: "postgres", Version: "18", Reference: "postgres:18"},
		Ready: []string{"pg_isready"},
	}
	balancer := harness.System{Image: harness.Image{Name: "haproxy", Version: "3.2", Reference: "haproxy:3.2"}}
	lan := harness.NewNetwork("lan", 7)
	primary := lan.Node("db-1", "database", 11, database)
	standby := lan.Node("db-2", "database", 12, database)
	standby.After = []string{"db-1"}
	shop := harness.Topology{
		Name: "shop", Networks: []harness.Network{lan},
		Nodes: []harness.Node{primary, standby, lan.Node("lb-1", "balancer", 21, balancer)},
	}
	fmt.Println("what is wrong with it:", shop.Validate())
	fmt.Println("clients ask", lan.Host(21).IPv4, "or", lan.Host(21).IPv6)
	// Output:
	// what is wrong with it: <nil>
	// clients ask 10.210.7.21 or fd00:210:7::21
}
