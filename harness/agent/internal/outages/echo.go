//go:build linux

package outages

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// An echo is an address of its own. The kernel answers for it as long as its table of routes says that
// packets to it are its own. That route is what is cut: to take the address itself away takes the
// kernel many milliseconds, of which nobody can say in which one it took effect.
type echo struct {
	handle    *netlink.Handle
	link      netlink.Link
	address   netlink.Addr
	local     netlink.Route
	announcer *announcer
}

// startEcho adds the address to the link that has the prefix.
func startEcho(prefix netip.Prefix) (*echo, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("talk to the kernel: %w", err)
	}
	link, err := linkOf(handle, prefix)
	if err != nil {
		handle.Close()
		return nil, err
	}
	announcer, err := newAnnouncer(link.Attrs())
	if err != nil {
		handle.Close()
		return nil, err
	}
	e := &echo{
		handle: handle, link: link, address: kernelAddress(prefix), local: localRoute(link, prefix.Addr()),
		announcer: announcer,
	}
	if err := e.add(); err != nil {
		handle.Close()
		return nil, errors.Join(err, announcer.close())
	}
	return e, nil
}

// kernelAddress comes without duplicate address detection, which would keep it back for a second.
func kernelAddress(prefix netip.Prefix) netlink.Addr {
	address := netlink.Addr{IPNet: &net.IPNet{
		IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
	}}
	if prefix.Addr().Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	return address
}

// localRoute is what makes the kernel take packets to the address for its own.
func localRoute(link netlink.Link, address netip.Addr) netlink.Route {
	route := netlink.Route{
		LinkIndex: link.Attrs().Index, Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Protocol: unix.RTPROT_KERNEL,
		Dst: &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(address.BitLen(), address.BitLen())},
	}
	if address.Is4() {
		route.Scope = netlink.SCOPE_HOST
	}
	return route
}

// linkOf finds the link that has an address in the prefix.
func linkOf(handle *netlink.Handle, prefix netip.Prefix) (netlink.Link, error) {
	links, err := handle.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the links: %w", err)
	}
	for _, link := range links {
		addresses, err := handle.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			return nil, fmt.Errorf("list the addresses of %s: %w", link.Attrs().Name, err)
		}
		for _, address := range addresses {
			if there, ok := netip.AddrFromSlice(address.IP); ok && prefix.Masked().Contains(there.Unmap()) {
				return link, nil
			}
		}
	}
	return nil, fmt.Errorf("no link has an address in %s", prefix.Masked())
}

// add adds the address.
func (e *echo) add() error {
	if err := e.handle.AddrAdd(e.link, &e.address); err != nil {
		return fmt.Errorf("add %s: %w", e.address.IPNet, err)
	}
	if err := e.waitUntilLocal(func(protocol.Instant) {}); err != nil {
		return err
	}
	return e.announcer.announce(e.address.IP)
}

func (e *echo) cut(notYet) error {
	if err := e.handle.RouteDel(&e.local); err != nil {
		return fmt.Errorf("take the local route of %s away: %w", e.address.IPNet, err)
	}
	return nil
}

// restore says to the neighbours that the address is there. Those who have asked for it in vain would
// wait up to a second before they ask again: that is an outage of theirs, and not one of this service.
func (e *echo) restore(notYet notYet) error {
	if err := e.handle.RouteReplace(&e.local); err != nil {
		return fmt.Errorf("give the local route of %s back: %w", e.address.IPNet, err)
	}
	if err := e.waitUntilLocal(notYet); err != nil {
		return err
	}
	return e.announcer.announce(e.address.IP)
}

const (
	localLimit = 5 * time.Second        // the kernel was seen to take half a second on a busy machine
	localEvery = 200 * time.Microsecond // between two looks
)

// waitUntilLocal returns when the kernel takes packets to the address for its own. An IPv6 address that
// was added is not in force yet: the kernel leaves that to a worker, which on a busy machine has to wait.
func (e *echo) waitUntilLocal(notYet notYet) error {
	deadline := monotonic.Now() + protocol.Instant(localLimit)
	for {
		looked := monotonic.Now()
		routes, err := e.handle.RouteGet(e.address.IP)
		if err == nil && len(routes) > 0 && routes[0].Type == unix.RTN_LOCAL {
			return nil
		}
		if looked > deadline {
			return errors.Join(fmt.Errorf("%s is not in force %v after it was added", e.address.IPNet, localLimit), err)
		}
		notYet(looked)
		if err := monotonic.Until(context.Background(), looked+protocol.Instant(localEvery)); err != nil {
			return err
		}
	}
}

func (e *echo) close() error {
	err := e.handle.AddrDel(e.link, &e.address)
	e.handle.Close()
	return errors.Join(err, e.announcer.close())
}
