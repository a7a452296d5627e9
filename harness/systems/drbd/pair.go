package drbd

import (
	"fmt"
	"net/netip"

	"golang.org/x/sync/singleflight"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// Role is that of the nodes that [PairOf] looks for.
const Role = role.DRBD

// What every machine of a pair has, in DRBD's configuration and at its web server.
const (
	resource   = "r0"
	device     = "/dev/drbd0"
	mountPoint = "/srv"
	port       = 80
	rowsPath   = "/cgi-bin/rows"
	statusPath = "/cgi-bin/drbd"
	statusFile = "/proc/drbd"
)

// A Pair is two machines with one replicated disk.
type Pair struct {
	First  string // the node that serves in peace
	Second string // the one that has the copy
	at     map[string]netip.AddrPort
	asked  *singleflight.Group // questions about a node's status that have no answer yet
}

// PairOf reads a pair out of a topology: the two nodes of [Role], in their order.
func PairOf(topology harness.Topology) (Pair, error) { return PairAmong(topology, Role) }

// PairAmong does so with the two nodes of another role, such as hypervisors that serve an instance's disk as the
// machines of a pair do.
func PairAmong(topology harness.Topology, role string) (Pair, error) {
	nodes := topology.Selected(role)
	if len(nodes) != 2 {
		return Pair{}, fmt.Errorf("find the pair: the topology %s has %d nodes of role %s: two are needed", topology.Name, len(nodes),
			role)
	}
	pair := Pair{First: nodes[0].Name, Second: nodes[1].Name, at: map[string]netip.AddrPort{}, asked: &singleflight.Group{}}
	for _, node := range nodes {
		pair.at[node.Name] = netip.AddrPortFrom(node.IPv4, port)
	}
	return pair, nil
}

// Both are the pair's nodes.
func (p Pair) Both() []string { return []string{p.First, p.Second} }

// Other is the node that the named one is paired with.
func (p Pair) Other(node string) string {
	if node == p.First {
		return p.Second
	}
	return p.First
}
