package netcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
)

// kernel asks this machine's own kernel what it has set up. No packet is sent, so that a check costs a few
// system calls and its answer is as old as they are.
type kernel struct {
	handle *netlink.Handle
	look   func(*netlink.Handle) error
}

func newKernel(check harness.Check, dial Dial) (*kernel, error) {
	if dial != nil {
		return nil, errors.New("the kernel cannot be asked over a connection: only the machine's own can")
	}
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a socket to the kernel: %w", err)
	}
	k := &kernel{handle: handle}
	switch {
	case check.Address != nil:
		k.look = func(h *netlink.Handle) error { return hasAddress(h, *check.Address) }
	case check.Route != nil:
		k.look = func(h *netlink.Handle) error { return hasRoute(h, *check.Route) }
	default:
		hardware, err := net.ParseMAC(check.Neighbour.Is)
		if err != nil {
			handle.Close()
			return nil, err
		}
		k.look = func(h *netlink.Handle) error { return hasNeighbour(h, check.Neighbour.At.Unmap(), hardware) }
	}
	return k, nil
}

func (k *kernel) ask(context.Context) error { return k.look(k.handle) }

func (k *kernel) close() error {
	k.handle.Close()
	return nil
}

// hasAddress looks for the address on every interface.
func hasAddress(handle *netlink.Handle, check harness.AddressCheck) error {
	address := check.Has.Unmap()
	here, err := isHere(handle, address)
	switch {
	case err != nil:
		return fmt.Errorf("ask for the address %s: %w", address, err)
	case here && check.Absent:
		return fmt.Errorf("%s is here", address)
	case !here && !check.Absent:
		return fmt.Errorf("%s is not here", address)
	}
	return nil
}

// isHere tells whether an interface has the address and is up: one that is down keeps it, and nobody can reach
// it there.
func isHere(handle *netlink.Handle, address netip.Addr) (bool, error) {
	var assigned []netlink.Addr
	err := undisturbed(func() (err error) {
		assigned, err = handle.AddrList(nil, familyOf(address))
		return err
	})
	if err != nil {
		return false, err
	}
	for _, one := range assigned {
		if !one.IP.Equal(address.AsSlice()) {
			continue
		}
		link, err := handle.LinkByIndex(one.LinkIndex)
		if err != nil {
			return false, err
		}
		if link.Attrs().Flags&net.FlagUp != 0 {
			return true, nil
		}
	}
	return false, nil
}

// hasRoute looks for the prefix in the main table.
func hasRoute(handle *netlink.Handle, check harness.RouteCheck) error {
	to := check.To.Masked()
	wanted := &netlink.Route{
		Table: unix.RT_TABLE_MAIN,
		Dst:   &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())},
	}
	var routes []netlink.Route
	err := undisturbed(func() (err error) {
		routes, err = handle.RouteListFiltered(familyOf(to.Addr()), wanted, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_DST)
		return err
	})
	if err != nil {
		return fmt.Errorf("ask for the route to %s: %w", to, err)
	}
	if len(routes) == 0 {
		return fmt.Errorf("there is no route to %s", to)
	}
	if !check.Via.IsValid() {
		return nil
	}
	var hops []string
	for _, route := range routes {
		for _, gateway := range gateways(route) {
			if gateway == check.Via {
				return nil
			}
			hops = append(hops, gateway.String())
		}
	}
	return fmt.Errorf("the route to %s leads by way of %s", to, strings.Join(hops, " and "))
}

// gateways are a route's next hops.
func gateways(route netlink.Route) []netip.Addr {
	var found []netip.Addr
	add := func(ip net.IP) {
		if address, ok := netip.AddrFromSlice(ip); ok {
			found = append(found, address.Unmap())
		}
	}
	add(route.Gw)
	for _, hop := range route.MultiPath {
		add(hop.Gw)
	}
	return found
}

// usable are the states of a neighbour whose hardware address the kernel uses.
const usable = netlink.NUD_PERMANENT | netlink.NUD_NOARP | netlink.NUD_REACHABLE |
	netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE

// hasNeighbour looks for the address among the neighbours.
func hasNeighbour(handle *netlink.Handle, at netip.Addr, hardware net.HardwareAddr) error {
	var neighbours []netlink.Neigh
	err := undisturbed(func() (err error) {
		neighbours, err = handle.NeighList(0, familyOf(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("ask for the neighbour %s: %w", at, err)
	}
	for _, neighbour := range neighbours {
		if !neighbour.IP.Equal(at.AsSlice()) || neighbour.State&usable == 0 {
			continue
		}
		if !bytes.Equal(neighbour.HardwareAddr, hardware) {
			return fmt.Errorf("%s is at %s", at, neighbour.HardwareAddr)
		}
		return nil
	}
	return fmt.Errorf("nobody knows where %s is", at)
}

// undisturbed lists again what was changed while it was listed. A table that never rests is taken as it is.
func undisturbed(list func() error) error {
	var err error
	for range 3 {
		if err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return err
		}
	}
	return nil
}

func familyOf(address netip.Addr) int {
	if address.Unmap().Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}
