//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A network is the node's network namespace.
type network struct {
	handle *netlink.Handle

	mu sync.Mutex
	// given are the addresses the node was given, in order: by the engine, by Configure, by a
	// Readdress. What else is there its system has taken on, and a reboot would lose.
	given []assignment
	// links are the interfaces the node was given.
	links []int
	// hosts are the link-layer addresses of the machine that the engine runs on, one for each network.
	hosts []net.HardwareAddr
	// boot is what a reboot brings back besides the addresses given: which links are up, and the routes.
	boot linkState
	// down is what taking the links down makes the kernel forget.
	down *linkState
}

// An assignment is an address on an interface.
type assignment struct {
	link    int
	address netlink.Addr
}

func newNetwork() (*network, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	n := &network{handle: handle}
	if err := n.learn(); err != nil {
		handle.Close()
		return nil, err
	}
	return n, nil
}

func (n *network) close() { n.handle.Close() }

// learn takes what is there for what the node was given.
func (n *network) learn() error {
	links, err := n.ownLinks()
	if err != nil {
		return err
	}
	n.boot.links = up(links)
	if n.boot.routes, err = n.routes(unix.RT_TABLE_MAIN); err != nil {
		return err
	}
	for _, link := range links {
		n.links = append(n.links, link.Attrs().Index)
		assigned, err := n.assigned(link)
		if err != nil {
			return err
		}
		n.given = append(n.given, assigned...)
	}
	return nil
}

// ownLinks are all interfaces but the loopback.
func (n *network) ownLinks() ([]netlink.Link, error) {
	links, err := n.handle.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the links: %w", err)
	}
	return slices.DeleteFunc(links, func(link netlink.Link) bool { return link.Attrs().Flags&net.FlagLoopback != 0 }), nil
}

// assigned are the addresses of an interface that are not link-local.
func (n *network) assigned(link netlink.Link) ([]assignment, error) {
	addresses, err := n.handle.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list the addresses of %s: %w", link.Attrs().Name, err)
	}
	var assigned []assignment
	for _, address := range addresses {
		if !address.IP.IsLinkLocalUnicast() {
			assigned = append(assigned, assignment{link: link.Attrs().Index, address: settled(address)})
		}
	}
	return assigned, nil
}

// indexOf is where an address is among assignments; -1 when it is in none.
func indexOf(assignments []assignment, address netip.Addr) int {
	return slices.IndexFunc(assignments, func(a assignment) bool { return a.address.IP.Equal(address.Unmap().AsSlice()) })
}

// settled is an address as it should be added again: for ever, and usable at once. Duplicate
// address detection would keep an IPv6 address from being used for a second.
func settled(address netlink.Addr) netlink.Addr {
	address.Flags, address.ValidLft, address.PreferedLft = 0, 0, 0
	if address.IP.To4() == nil {
		address.Flags = unix.IFA_F_NODAD
	}
	return address
}

// kernelAddress makes an address for the kernel of a prefix.
func kernelAddress(prefix netip.Prefix) netlink.Addr {
	address := prefix.Addr().Unmap()
	return settled(netlink.Addr{IPNet: &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(prefix.Bits(), address.BitLen())}})
}

func (a *agent) configure(_ context.Context, configuration protocol.Configuration) (protocol.Nothing, error) {
	if err := a.network.removeDefaultRoutes(); err != nil {
		return protocol.Nothing{}, err
	}
	if err := a.network.arrange(configuration.Interfaces); err != nil {
		return protocol.Nothing{}, err
	}
	if err := a.network.give(configuration.Addresses); err != nil {
		return protocol.Nothing{}, err
	}
	if err := a.network.giveRoutes(configuration.Routes); err != nil {
		return protocol.Nothing{}, err
	}
	// The engine has mounted both files one by one: they can be written, and not replaced.
	if !configuration.KeepNames {
		if err := os.WriteFile("/etc/resolv.conf", configuration.ResolvConf, 0o644); err != nil {
			return protocol.Nothing{}, fmt.Errorf("set up name resolution: %w", err)
		}
	}
	if configuration.Hosts != nil {
		if err := os.WriteFile("/etc/hosts", configuration.Hosts, 0o644); err != nil {
			return protocol.Nothing{}, fmt.Errorf("set up the hosts' names: %w", err)
		}
	}
	return protocol.Nothing{}, nil
}

// removeDefaultRoutes leaves no way out of the node's own prefixes, also after a reboot.
func (n *network) removeDefaultRoutes() error {
	n.mu.Lock()
	n.boot.routes = slices.DeleteFunc(n.boot.routes, isDefault)
	n.mu.Unlock()
	routes, err := n.handle.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("list the routes: %w", err)
	}
	for _, route := range routes {
		if !isDefault(route) {
			continue
		}
		if err := n.handle.RouteDel(&route); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("remove the default route %v: %w", route, err)
		}
	}
	return nil
}

func isDefault(route netlink.Route) bool {
	if route.Dst == nil {
		return true
	}
	bits, _ := route.Dst.Mask.Size()
	return bits == 0
}

// give adds addresses to the first interface.
func (n *network) give(prefixes []netip.Prefix) error {
	if len(prefixes) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.links) == 0 {
		return fmt.Errorf("add %v: the node has no link", prefixes)
	}
	for _, prefix := range prefixes {
		added := assignment{link: n.links[0], address: kernelAddress(prefix)}
		if err := n.add(added); err != nil {
			return err
		}
		if !slices.ContainsFunc(n.given, func(a assignment) bool { return a.address.Equal(added.address) }) {
			n.given = append(n.given, added)
		}
	}
	return nil
}

// add adds an address; one that is there already is no error.
func (n *network) add(a assignment) error {
	address := a.address
	address.LinkIndex = a.link
	if err := n.handle.AddrAdd(nil, &address); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("add %s: %w", a.address.IPNet, err)
	}
	return nil
}

// remove removes an address; one that is gone already is no error.
func (n *network) remove(a assignment) error {
	address := a.address
	address.LinkIndex = a.link
	if err := n.handle.AddrDel(nil, &address); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("remove %s: %w", a.address.IPNet, err)
	}
	return nil
}

func (a *agent) addresses(context.Context, protocol.Nothing) (harness.Addresses, error) {
	return a.network.addresses()
}

// addresses picks one address of each family: of those that are there, one the node was given.
func (n *network) addresses() (harness.Addresses, error) {
	present, err := n.present()
	if err != nil {
		return harness.Addresses{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var chosen harness.Addresses
	choose := func(a assignment) {
		address, _ := netip.AddrFromSlice(a.address.IP)
		address = address.Unmap()
		switch {
		case address.Is4() && !chosen.IPv4.IsValid():
			chosen.IPv4 = address
		case address.Is6() && !chosen.IPv6.IsValid():
			chosen.IPv6 = address
		}
	}
	for _, given := range n.given {
		if slices.ContainsFunc(present, given.same) {
			choose(given)
		}
	}
	for _, other := range present {
		choose(other)
	}
	return chosen, nil
}

// present are the addresses of all interfaces.
func (n *network) present() ([]assignment, error) {
	links, err := n.ownLinks()
	if err != nil {
		return nil, err
	}
	var present []assignment
	for _, link := range links {
		assigned, err := n.assigned(link)
		if err != nil {
			return nil, err
		}
		present = append(present, assigned...)
	}
	return present, nil
}

// same tells whether two assignments are of the same address to the same interface.
func (a assignment) same(other assignment) bool {
	return a.link == other.link && a.address.IP.Equal(other.address.IP)
}
