//go:build linux

package outages

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// An announcer says to all neighbours on a link who has an address: an unasked ARP reply or neighbour
// advertisement, as a machine sends that takes an address over.
type announcer struct {
	link *netlink.LinkAttrs
	arp  int // a packet socket, kept: the kernel takes many milliseconds to close one
}

func newAnnouncer(link *netlink.LinkAttrs) (*announcer, error) {
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	return &announcer{link, socket}, nil
}

func (a *announcer) close() error { return unix.Close(a.arp) }

func (a *announcer) announce(address net.IP) error {
	var err error
	switch four := address.To4(); {
	case len(a.link.HardwareAddr) != hardwareLength: // such as the loopback: nobody has to find it
	case four != nil:
		err = a.announceARP(four)
	default:
		err = announceNeighbour(a.link, address.To16())
	}
	if err != nil {
		return fmt.Errorf("announce %s: %w", address, err)
	}
	return nil
}

// hardwareLength is the length of an Ethernet address.
const hardwareLength = 6

func (a *announcer) announceARP(address net.IP) error {
	// Ethernet, IPv4, their lengths, a reply; then who says it, and to whom.
	reply := []byte{0, 1, 8, 0, hardwareLength, net.IPv4len, 0, 2}
	reply = append(append(reply, a.link.HardwareAddr...), address...)
	reply = append(append(reply, broadcast[:hardwareLength]...), address...)
	return unix.Sendto(a.arp, reply, 0, &unix.SockaddrLinklayer{
		Protocol: unix.ETH_P_ARP<<8&0xff00 | unix.ETH_P_ARP>>8, Ifindex: a.link.Index, Halen: hardwareLength, Addr: broadcast,
	})
}

var broadcast = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func announceNeighbour(link *netlink.LinkAttrs, address net.IP) error {
	const (
		advertisement   = 136
		override        = 0x20
		linkLayerOption = 2
		onLink          = 255 // the hop limit that proves that no router was in between
	)
	socket, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6)
	if err != nil {
		return err
	}
	message := append([]byte{advertisement, 0, 0, 0, override, 0, 0, 0}, address...) // the kernel fills in the checksum
	message = append(append(message, linkLayerOption, 1), link.HardwareAddr...)
	allNodes := &unix.SockaddrInet6{Addr: [16]byte(net.IPv6linklocalallnodes), ZoneId: uint32(link.Index)}
	err = errors.Join(
		unix.SetsockoptInt(socket, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, onLink),
		unix.Bind(socket, &unix.SockaddrInet6{Addr: [16]byte(address)}),
	)
	if err == nil {
		err = unix.Sendto(socket, message, 0, allNodes)
	}
	return errors.Join(err, unix.Close(socket))
}
