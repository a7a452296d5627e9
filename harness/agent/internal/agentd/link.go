//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// A linkState is what the links had before they were taken down.
type linkState struct {
	links     []int // those that were up
	addresses []assignment
	routes    []netlink.Route
}

// readyLink notes what the links have, so that taking them up again can put back what the kernel
// forgets: IPv6 addresses (where it is not told to keep them) and routes that were set by hand. The
// links are those the node was given: what its system has made of them or besides goes no further.
func (n *network) readyLink(change harness.Link) (func(context.Context) (func(context.Context) error, error), error) {
	lift := func(context.Context) error { return n.linksUp() }
	switch {
	case change.Up && change.Verify:
		return nil, errors.New("they are either taken up or verified to be down")
	case change.Verify:
		return func(context.Context) (func(context.Context) error, error) { return nil, n.verifyDown() }, nil
	case change.Up:
		return func(ctx context.Context) (func(context.Context) error, error) { return nil, lift(ctx) }, nil
	}
	links, err := n.ownLinks()
	if err != nil {
		return nil, err
	}
	links = slices.DeleteFunc(links, func(link netlink.Link) bool { return !slices.Contains(n.links, link.Attrs().Index) })
	state := &linkState{links: up(links)}
	if state.addresses, err = n.present(); err != nil {
		return nil, err
	}
	if state.routes, err = n.routes(unix.RT_TABLE_MAIN); err != nil {
		return nil, err
	}
	return func(context.Context) (func(context.Context) error, error) { return lift, n.linksDown(state) }, nil
}

// up are those of the links that are up.
func up(links []netlink.Link) []int {
	var indexes []int
	for _, link := range links {
		if link.Attrs().Flags&net.FlagUp != 0 {
			indexes = append(indexes, link.Attrs().Index)
		}
	}
	return indexes
}

// routes are those that somebody has set, in one table or in all (unix.RT_TABLE_UNSPEC). The kernel
// makes its own again.
func (n *network) routes(table int) ([]netlink.Route, error) {
	all, err := n.handle.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Table: table}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	return slices.DeleteFunc(all, func(route netlink.Route) bool {
		return route.Protocol == unix.RTPROT_KERNEL || route.Protocol == unix.RTPROT_RA
	}), nil
}

// linksDown takes the links down. When they were down already, what they had before that counts.
func (n *network) linksDown(state *linkState) error {
	n.mu.Lock()
	if n.down == nil {
		n.down = state
	}
	n.mu.Unlock()
	return n.takeDown(state.links)
}

// verifyDown returns nil when the links that were taken down still are: somebody with the rights of the node may have
// taken them up.
func (n *network) verifyDown() error {
	n.mu.Lock()
	state := n.down
	n.mu.Unlock()
	if state == nil {
		return errors.New("no link was taken down, or all were taken up again")
	}
	links, err := n.ownLinks()
	if err != nil {
		return err
	}
	now := up(links)
	for _, index := range state.links {
		if slices.Contains(now, index) {
			return fmt.Errorf("somebody has taken link %d up", index)
		}
	}
	return nil
}

func (n *network) takeDown(links []int) error {
	var failures error
	for _, index := range links {
		if err := n.handle.LinkSetDown(numbered(index)); err != nil {
			failures = errors.Join(failures, fmt.Errorf("take link %d down: %w", index, err))
		}
	}
	return failures
}

// numbered is a link of which only the number matters.
func numbered(index int) netlink.Link {
	return &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}
}

// linksUp takes up the links that were taken down and gives them back what they had. It does nothing
// when none was.
func (n *network) linksUp() error {
	n.mu.Lock()
	state := n.down
	n.mu.Unlock()
	if state == nil {
		return nil
	}
	links, err := n.ownLinks()
	if err != nil {
		return err
	}
	if err := n.bringUp(state.without(links)); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = nil
	return nil
}

// without leaves out what is on interfaces that are not among the links: those that the system had
// made may have gone meanwhile, such as a container's.
func (s linkState) without(links []netlink.Link) linkState {
	gone := func(index int) bool {
		return index != 0 && !slices.ContainsFunc(links, func(link netlink.Link) bool { return link.Attrs().Index == index })
	}
	s.addresses = slices.DeleteFunc(slices.Clone(s.addresses), func(a assignment) bool { return gone(a.link) })
	s.routes = slices.DeleteFunc(slices.Clone(s.routes), func(route netlink.Route) bool {
		return gone(route.LinkIndex) || slices.ContainsFunc(route.MultiPath,
			func(hop *netlink.NexthopInfo) bool { return gone(hop.LinkIndex) })
	})
	return s
}

// bringUp takes links up and gives them addresses and routes, and no way out but theirs.
func (n *network) bringUp(state linkState) error {
	for _, index := range state.links {
		if err := n.handle.LinkSetUp(numbered(index)); err != nil {
			return fmt.Errorf("take link %d up: %w", index, err)
		}
	}
	for _, had := range state.addresses {
		if err := n.add(had); err != nil {
			return err
		}
	}
	for _, route := range state.routes {
		// What the kernel says of a route's state it does not want to hear.
		route.Flags &^= unix.RTNH_F_DEAD | unix.RTNH_F_LINKDOWN
		err := n.handle.RouteReplace(&route)
		if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) {
			continue // it led through a prefix that the node has left
		}
		if err != nil {
			return fmt.Errorf("restore the route %v: %w", route, err)
		}
	}
	if slices.ContainsFunc(state.routes, isDefault) {
		return nil
	}
	return n.removeDefaultRoutes()
}
