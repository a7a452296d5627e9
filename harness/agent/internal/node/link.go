//go:build linux

package node

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
// forgets: IPv6 addresses (where it is not told to keep them) and routes that were set by hand.
func (n *network) readyLink(change harness.Link) (func(context.Context) (func(context.Context) error, error), error) {
	up := func(context.Context) error { return n.linksUp() }
	if change.Up {
		return func(ctx context.Context) (func(context.Context) error, error) { return nil, up(ctx) }, nil
	}
	links, err := n.ownLinks()
	if err != nil {
		return nil, err
	}
	state := &linkState{}
	for _, link := range links {
		if link.Attrs().Flags&net.FlagUp != 0 {
			state.links = append(state.links, link.Attrs().Index)
		}
	}
	if state.addresses, err = n.present(); err != nil {
		return nil, err
	}
	if state.routes, err = n.handle.RouteList(nil, netlink.FAMILY_ALL); err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	return func(context.Context) (func(context.Context) error, error) { return up, n.linksDown(state) }, nil
}

// linksDown takes the links down. When they were down already, what they had before that counts.
func (n *network) linksDown(state *linkState) error {
	n.mu.Lock()
	if n.down == nil {
		n.down = state
	}
	n.mu.Unlock()
	var failures error
	for _, index := range state.links {
		if err := n.handle.LinkSetDown(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}); err != nil {
			failures = errors.Join(failures, fmt.Errorf("take link %d down: %w", index, err))
		}
	}
	return failures
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
	for _, index := range state.links {
		if err := n.handle.LinkSetUp(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}); err != nil {
			return fmt.Errorf("take link %d up: %w", index, err)
		}
	}
	for _, had := range state.addresses {
		if err := n.add(had); err != nil {
			return err
		}
	}
	for _, route := range state.routes {
		if err := n.restore(route); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(state.routes, isDefault) {
		if err := n.removeDefaultRoutes(); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = nil
	return nil
}

// restore puts a route back. The kernel makes its own again.
func (n *network) restore(route netlink.Route) error {
	if route.Protocol == unix.RTPROT_KERNEL || route.Protocol == unix.RTPROT_RA {
		return nil
	}
	if err := n.handle.RouteReplace(&route); err != nil {
		return fmt.Errorf("restore the route %v: %w", route, err)
	}
	return nil
}

// reboot brings the links up with the addresses the node was given and no others, as a machine does
// that has just been switched on.
func (n *network) reboot() error {
	if err := n.linksUp(); err != nil {
		return err
	}
	present, err := n.present()
	if err != nil {
		return err
	}
	n.mu.Lock()
	given := slices.Clone(n.given)
	n.mu.Unlock()
	for _, other := range present {
		if !slices.ContainsFunc(given, other.same) {
			if err := n.remove(other); err != nil {
				return err
			}
		}
	}
	for _, address := range given {
		if err := n.add(address); err != nil {
			return err
		}
	}
	return nil
}
