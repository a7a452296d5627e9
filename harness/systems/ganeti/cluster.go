package ganeti

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// A Cluster is what its operators know of it.
type Cluster struct {
	Name    string     // such as "cluster.virt.example"
	Address netip.Addr // its master answers there
	Card    string     // the interface of every node that the address is put on
	// Secondary are the nodes' addresses in a network of their own, over which they replicate disks. It is nil where
	// nodes have one address for everything.
	Secondary map[string]netip.Addr
	Nodes     []string // as the topology names them; the first one founds the cluster
	Instances []Instance
}

// An Instance is a virtual machine.
type Instance struct {
	Name    string     // in full
	Address netip.Addr // its clients use it
	Node    string     // where it is created, as the topology names it
}

// Role is the role of nodes that run Ganeti.
const Role = role.Hypervisor

// firstCard is how a container engine calls a node's first interface, where the topology gives it no name.
const firstCard = "eth0"

// ClusterOf reads a cluster out of a topology: its nodes, and the names in their /etc/hosts, of which the one that
// begins with "cluster." is the cluster's and those that are no node's are instances. They are created on the nodes in
// turn. The card is the one of the nodes' own network, and a further network is the one of their secondary addresses.
func ClusterOf(topology harness.Topology) (Cluster, error) {
	nodes := topology.Selected(Role)
	if len(nodes) == 0 {
		return Cluster{}, fmt.Errorf("find the cluster: the topology %s has no node with the role %s", topology.Name, Role)
	}
	cluster := clusterOn(nodes)
	taken := map[string]bool{}
	for _, node := range nodes {
		taken[node.IPv4.String()] = true
	}
	for _, host := range hostsIn(fileOf(nodes[0], hostsFile)) {
		switch {
		case taken[host.address.String()] || host.address.IsLoopback():
		case strings.HasPrefix(host.names[0], "cluster."):
			cluster.Name, cluster.Address = host.names[0], host.address
		default:
			node := cluster.Nodes[len(cluster.Instances)%len(cluster.Nodes)]
			cluster.Instances = append(cluster.Instances, Instance{Name: host.names[0], Address: host.address, Node: node})
		}
	}
	if cluster.Name == "" {
		return cluster, fmt.Errorf("find the cluster: %s of %s does not name it", hostsFile, nodes[0].Name)
	}
	return cluster, nil
}

// clusterOn is a cluster of the nodes that has no name yet.
func clusterOn(nodes []harness.Node) Cluster {
	cluster := Cluster{Card: cmp.Or(nodes[0].Interface, firstCard)}
	for _, node := range nodes {
		cluster.Nodes = append(cluster.Nodes, node.Name)
		if len(node.Further) == 0 {
			continue
		}
		if cluster.Secondary == nil {
			cluster.Secondary = map[string]netip.Addr{}
		}
		cluster.Secondary[node.Name] = node.Further[0].IPv4
	}
	return cluster
}

// second are the arguments that tell a command a node's secondary address; nothing when it has none.
func (c Cluster) second(node string) []string {
	if at, has := c.Secondary[node]; has {
		return []string{"--secondary-ip=" + at.String()}
	}
	return nil
}

// fileOf is a file that the topology puts on a node; nothing when it puts none there.
func fileOf(node harness.Node, path string) []byte {
	for _, file := range node.System.Files {
		if file.Path == path {
			return file.Data
		}
	}
	return nil
}

// Full is a node's name as Ganeti knows it: in the cluster's domain.
func (c Cluster) Full(node string) string {
	_, domain, _ := strings.Cut(c.Name, ".")
	return node + "." + domain
}

// address is what a node was given.
func address(observer harness.Observer, node string) (netip.Addr, error) {
	known, ok := observer.Topology().Node(node)
	if !ok {
		return netip.Addr{}, observer.Topology().UnknownNode(node)
	}
	return known.IPv4, nil
}
