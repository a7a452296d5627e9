package raft

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// A View is what one server says about its cluster.
type View struct {
	Node   string
	Leader string   // Raft address of the leader, as the server writes it; "" when it knows none
	Voters []string // Raft addresses of the voters; nil when it was not asked
	Err    error    // why the server could not be asked; the other fields are empty then
}

// Members maps every present address of the nodes of a role to the node's name.
type Members map[netip.Addr]string

// PresentMembers looks up the addresses that the nodes of a role have now.
func PresentMembers(observer harness.Observer, nodes []harness.Node) (Members, error) {
	members := Members{}
	for _, node := range nodes {
		now, err := observer.Addresses(node.Name)
		if err != nil {
			return nil, fmt.Errorf("look up the addresses of %s: %w", node.Name, err)
		}
		for _, address := range []netip.Addr{now.IPv6, now.IPv4} {
			if address.IsValid() {
				members[address] = node.Name
			}
		}
	}
	return members, nil
}

// At names the node that has a Raft address ("[fd00::1]:4647") now, or "" when none has.
func (m Members) At(address string) string {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return ""
	}
	return m[parsed.Addr()]
}

// Ask asks all nodes at once. The views come in the order of the nodes.
func Ask(ctx context.Context, nodes []harness.Node, ask func(ctx context.Context, node string) (View, error)) []View {
	views := make([]View, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() {
			view, err := ask(ctx, node.Name)
			if err != nil {
				view = View{Err: harness.Plain(err)}
			}
			view.Node = node.Name
			views[i] = view
		})
	}
	group.Wait()
	return views
}
