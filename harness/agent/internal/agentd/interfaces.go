//go:build linux

package agentd

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// arrange puts the node's interfaces in order and gives them names. An engine numbers and names them as
// they come, which is another order after every start.
func (n *network) arrange(interfaces []protocol.Interface) error {
	present, err := n.present()
	if err != nil {
		return err
	}
	var order []int
	former := map[int]string{} // names that interfaces had, by their numbers
	for _, wanted := range interfaces {
		at := indexOf(present, wanted.Has)
		if at < 0 {
			return fmt.Errorf("name the interface %q: none has %s", wanted.Name, wanted.Has)
		}
		name, err := n.rename(present[at].link, wanted.Name)
		if err != nil {
			return err
		}
		former[present[at].link] = name
		order = append(order, present[at].link)
	}
	if err := n.keepNames(former); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	rank := func(link int) int {
		if at := slices.Index(order, link); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortStableFunc(n.links, func(a, b int) int { return rank(a) - rank(b) })
	slices.SortStableFunc(n.given, func(a, b assignment) int { return rank(a.link) - rank(b.link) })
	return nil
}

// keepNames has interfaces found by the names that the engine gave them, too: Podman takes them down by those, and left the
// bridges of a lab behind when it did not find them. A name that another interface has now is that one's.
func (n *network) keepNames(former map[int]string) error {
	for index, name := range former {
		if name == "" {
			continue
		}
		link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
		err := n.handle.LinkAddAltName(link, name)
		if err != nil && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.EOPNOTSUPP) { // kernels before 5.5 cannot
			return fmt.Errorf("keep the interface's name %s: %w", name, err)
		}
	}
	return nil
}

// rename gives an interface another name, which the kernel allows only while it is down, and returns the one that it had;
// "" when it keeps it.
func (n *network) rename(index int, name string) (former string, err error) {
	link, err := n.handle.LinkByIndex(index)
	if err != nil {
		return "", fmt.Errorf("find the interface to be named %q: %w", name, err)
	}
	if name == "" || link.Attrs().Name == name {
		return "", nil
	}
	state := linkState{links: []int{index}}
	if state.addresses, err = n.assigned(link); err != nil {
		return "", err
	}
	if state.routes, err = n.routes(unix.RT_TABLE_MAIN); err != nil {
		return "", err
	}
	state.routes = slices.DeleteFunc(state.routes, isDefault)
	if err := n.takeDown(state.links); err != nil {
		return "", err
	}
	if err := n.handle.LinkSetName(link, name); err != nil {
		return "", fmt.Errorf("rename the interface %s to %s: %w", link.Attrs().Name, name, err)
	}
	return link.Attrs().Name, n.bringUp(state)
}

// giveRoutes adds routes, now and after each boot.
func (n *network) giveRoutes(routes []protocol.Route) error {
	for _, wanted := range routes {
		route, err := n.kernelRoute(wanted)
		if err != nil {
			return err
		}
		if err := n.handle.RouteReplace(&route); err != nil {
			return fmt.Errorf("add the route to %s by way of %s: %w", wanted.To, cmp.Or(wanted.Via, wanted.From), err)
		}
		n.mu.Lock()
		n.boot.routes = append(n.boot.routes, route)
		n.mu.Unlock()
	}
	return nil
}

// kernelRoute makes a route for the kernel, by way of a next hop or out of the interface that has an address.
func (n *network) kernelRoute(wanted protocol.Route) (netlink.Route, error) {
	to := wanted.To.Masked()
	route := netlink.Route{
		Dst:      &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())},
		Protocol: unix.RTPROT_STATIC,
	}
	if isDefault(route) {
		return route, fmt.Errorf("add the route to %s: it leads everywhere", to)
	}
	if wanted.Via.IsValid() {
		route.Gw = wanted.Via.Unmap().AsSlice()
		return route, nil
	}
	present, err := n.present()
	if err != nil {
		return route, err
	}
	at := indexOf(present, wanted.From)
	if at < 0 {
		return route, fmt.Errorf("add the route to %s: no interface has %q", to, wanted.From)
	}
	route.LinkIndex, route.Scope = present[at].link, netlink.SCOPE_LINK
	return route, nil
}
