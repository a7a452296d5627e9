//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// reboot makes the network namespace what a machine has that was just switched on: the links the node
// was given, up, with the addresses it was given last and the routes it had, and nothing that its
// system has set up besides. What it leaves: settings below /proc/sys/net, and an interface's own
// (MTU, link-layer address), which a system sets again whenever it starts.
func (n *network) reboot(ctx context.Context) error {
	if err := flushFilters(ctx); err != nil {
		return err
	}
	if err := n.removeForeignLinks(); err != nil {
		return err
	}
	if err := errors.Join(n.removeRoutes(), n.removeRules(), n.removeForeignAddresses()); err != nil {
		return err
	}
	n.mu.Lock()
	state := linkState{links: slices.Clone(n.boot.links), addresses: slices.Clone(n.given), routes: slices.Clone(n.boot.routes)}
	n.mu.Unlock()
	// Down first, also where they were up: what the kernel has learned of the neighbours goes with it,
	// and the routes come back that it makes itself.
	if err := errors.Join(n.takeDown(state.links), n.bringUp(state)); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = nil
	return nil
}

// removeForeignLinks deletes the interfaces that the system has made: bridges, tunnels, the near ends
// of its containers' cables.
func (n *network) removeForeignLinks() error {
	links, err := n.ownLinks()
	if err != nil {
		return err
	}
	for _, link := range links {
		if slices.Contains(n.links, link.Attrs().Index) {
			continue
		}
		err := n.handle.LinkDel(numbered(link.Attrs().Index))
		if errors.Is(err, unix.EOPNOTSUPP) {
			err = n.takeDown([]int{link.Attrs().Index}) // one that is there for as long as the namespace is
		}
		// Some go with others, or with a namespace whose last process was killed.
		if err != nil && !errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("delete link %s: %w", link.Attrs().Name, err)
		}
	}
	return nil
}

// removeRoutes removes all routes but the kernel's own, of every table.
func (n *network) removeRoutes() error {
	routes, err := n.routes(unix.RT_TABLE_UNSPEC)
	if err != nil {
		return err
	}
	for _, route := range routes {
		if err := n.handle.RouteDel(&route); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove the route %v: %w", route, err)
		}
	}
	return nil
}

// removeRules removes all rules but the kernel's own of which table to look into.
func (n *network) removeRules() error {
	rules, err := n.handle.RuleList(netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("list the routing rules: %w", err)
	}
	for _, rule := range rules {
		if rule.Protocol == unix.RTPROT_KERNEL {
			continue
		}
		if err := n.handle.RuleDel(&rule); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove the routing rule %v: %w", rule, err)
		}
	}
	return nil
}

// removeForeignAddresses removes the addresses that the node was not given. Link-local ones are the
// kernel's business.
func (n *network) removeForeignAddresses() error {
	present, err := n.present()
	if err != nil {
		return err
	}
	looped, err := n.loopedAddresses()
	if err != nil {
		return err
	}
	n.mu.Lock()
	given := slices.Clone(n.given)
	n.mu.Unlock()
	for _, other := range append(present, looped...) {
		if slices.ContainsFunc(given, other.same) {
			continue
		}
		if err := n.remove(other); err != nil {
			return err
		}
	}
	return nil
}

// loopedAddresses are those of the loopback interface that are not the loopback's.
func (n *network) loopedAddresses() ([]assignment, error) {
	loopback, err := n.handle.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("find the loopback: %w", err)
	}
	assigned, err := n.assigned(loopback)
	return slices.DeleteFunc(assigned, func(a assignment) bool { return a.address.IP.IsLoopback() }), err
}
