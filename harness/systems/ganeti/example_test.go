package ganeti_test

import (
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// A cluster is read out of its nodes' /etc/hosts. When its master is lost, another node is made master by hand.
func Example() {
	hosts := harness.File{Path: "/etc/hosts", Data: []byte("10.203.1.100 cluster.virt.example\n10.203.1.50 wiki.virt.example\n")}
	cluster, err := ganeti.ClusterOf(harness.Topology{Name: "virt", Nodes: []harness.Node{
		{
			Name: "node1", Role: ganeti.Role, IPv4: netip.MustParseAddr("10.203.1.11"),
			System: harness.System{Files: []harness.File{hosts}},
		},
		{Name: "node2", Role: ganeti.Role, IPv4: netip.MustParseAddr("10.203.1.12")},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cluster.Name, "at", cluster.Address, "on", cluster.Nodes)
	wiki := cluster.Instances[0]
	for _, claim := range harness.All(ganeti.Serves(wiki), ganeti.Manageable(cluster), ganeti.OneMaster(cluster)) {
		fmt.Println(claim.Name())
	}
	fmt.Println(ganeti.MasterFailoverWithoutVote("node2").Name())
	// Output:
	// cluster.virt.example at 10.203.1.100 on [node1 node2]
	// wiki.virt.example serves its page
	// the cluster takes orders at 10.203.1.100
	// one node alone has 10.203.1.100
	// make node2 master without a vote
}
