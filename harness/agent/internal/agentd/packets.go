//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

const (
	frameHead      = 14                     // bytes of Ethernet before a packet
	packetHead     = 64                     // bytes of a frame that hold its addresses, and the type of an ICMPv6 message
	packetExamples = 5                      // how many different ones are shown
	packetWait     = 100 * time.Millisecond // how often the watch looks whether it should end
	packetQueue    = 4 << 20                // bytes the kernel may queue: packets are counted, not stored
)

// A packetWatch counts packets that leave the lab.
type packetWatch struct {
	network *network

	mu      sync.Mutex
	stop    context.CancelFunc
	stopped chan error
	seen    protocol.Packets
}

func (a *agent) watchPackets(_ context.Context, watch protocol.Watch) (protocol.Nothing, error) {
	return protocol.Nothing{}, a.packets.start(watch.Lab)
}

func (a *agent) countPackets(context.Context, protocol.Nothing) (protocol.Packets, error) {
	return a.packets.finish()
}

func (p *packetWatch) start(lab []netip.Prefix) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		p.stop()
		if err := <-p.stopped; err != nil {
			return fmt.Errorf("end the watch before: %w", err)
		}
	}
	socket, err := openPacketSocket()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.stop, p.stopped, p.seen = cancel, make(chan error, 1), protocol.Packets{}
	go func(stopped chan<- error) { stopped <- p.watch(ctx, socket, lab) }(p.stopped)
	return nil
}

func (p *packetWatch) finish() (protocol.Packets, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil {
		return protocol.Packets{}, errors.New("nothing watches them")
	}
	p.stop()
	p.stop = nil
	err := <-p.stopped
	return p.seen, err
}

// openPacketSocket opens a socket that sees the heads of the frames with IP packets that this node sends.
func openPacketSocket() (int, error) {
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open a packet socket: %w", err)
	}
	wait := unix.NsecToTimeval(packetWait.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptSockFprog(socket, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, outgoingIP()),
		unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_RCVBUF, packetQueue),
		unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		// Bound last, so that nothing arrives that the filter has not seen.
		unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL)}),
	)
	if err != nil {
		return -1, errors.Join(fmt.Errorf("set up a packet socket: %w", err), unix.Close(socket))
	}
	return socket, nil
}

// outgoingIP is a filter for the kernel: outgoing, of either IP, not on the loopback, and no more
// than the head.
func outgoingIP() *unix.SockFprog {
	const (
		loopback = 1 // the loopback is every namespace's first interface

		// What the kernel knows of a packet besides its bytes is loaded from here on (SKF_AD_OFF).
		protocolNumber = 0xffff_f000
		packetKind     = protocolNumber + 4
		linkIndex      = protocolNumber + 8

		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		give  = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: load, K: packetKind},
		{Code: equal, K: unix.PACKET_OUTGOING, Jf: 6},
		{Code: load, K: linkIndex},
		{Code: equal, K: loopback, Jt: 4},
		{Code: load, K: protocolNumber},
		{Code: equal, K: unix.ETH_P_IPV6, Jt: 1},
		{Code: equal, K: unix.ETH_P_IP, Jf: 1},
		{Code: give, K: packetHead},
		{Code: give, K: 0},
	}
	return &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
}

func networkOrder(value uint16) uint16 { return value<<8 | value>>8 }

// watch counts until the context ends and the queue is empty.
func (p *packetWatch) watch(ctx context.Context, socket int, lab []netip.Prefix) error {
	defer unix.Close(socket)
	head := make([]byte, packetHead)
	for {
		ended, flags := ctx.Err() != nil, 0
		if ended {
			flags = unix.MSG_DONTWAIT // what is queued still counts, what comes from now on does not
		}
		n, from, err := unix.Recvfrom(socket, head, flags)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if ended {
				return undropped(socket)
			}
		case err != nil:
			return fmt.Errorf("receive packets: %w", err)
		default:
			link, ok := from.(*unix.SockaddrLinklayer)
			if ok && slices.Contains(p.network.links, link.Ifindex) {
				p.count(head[:n], lab)
			}
		}
	}
}

// undropped makes sure that the kernel has shown every packet.
func undropped(socket int) error {
	statistics, err := unix.GetsockoptTpacketStats(socket, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return fmt.Errorf("ask how many packets were dropped: %w", err)
	}
	if statistics.Drops > 0 {
		return fmt.Errorf("the kernel dropped %d of %d packets before they could be looked at", statistics.Drops, statistics.Packets)
	}
	return nil
}

func (p *packetWatch) count(frame []byte, lab []netip.Prefix) {
	if len(frame) < frameHead {
		return
	}
	to, head := frame[:len(nowhere)], frame[frameHead:]
	source, destination, ok := addressesOf(head)
	toHost := p.network.isHost(to) && !discoversNeighbours(head)
	if !ok || !toHost && !outside(destination, lab) {
		return
	}
	p.seen.Count++
	example := fmt.Sprintf("%s > %s", source, destination)
	if len(p.seen.Examples) < packetExamples && !slices.Contains(p.seen.Examples, example) {
		p.seen.Examples = append(p.seen.Examples, example)
	}
}

// addressesOf reads the addresses out of the head of an IP packet.
func addressesOf(head []byte) (source, destination netip.Addr, ok bool) {
	switch {
	case len(head) >= 20 && head[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(head[12:16])), netip.AddrFrom4([4]byte(head[16:20])), true
	case len(head) >= 40 && head[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(head[8:24])), netip.AddrFrom16([16]byte(head[24:40])), true
	}
	return netip.Addr{}, netip.Addr{}, false
}

// discoversNeighbours tells whether a packet is one of those by which IPv6 finds out who is there (RFC 4861): the kernel also
// answers when it is asked.
func discoversNeighbours(head []byte) bool {
	const (
		header            = 40 // bytes of IPv6
		nextHeader        = 6
		routerSolicit     = 133
		redirect          = 137
		protocolICMPv6    = unix.IPPROTO_ICMPV6
		lengthWithMessage = header + 1
	)
	return len(head) >= lengthWithMessage && head[0]>>4 == 6 && head[nextHeader] == protocolICMPv6 &&
		head[header] >= routerSolicit && head[header] <= redirect
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// outside tells whether an address can only be meant for somebody beyond the lab.
func outside(address netip.Addr, lab []netip.Prefix) bool {
	// IPv4 link-local counts as outside: clouds put their metadata service there.
	if address.Is6() && address.IsLinkLocalUnicast() || address.IsMulticast() || address.IsLoopback() || address.IsUnspecified() ||
		address == broadcast {
		return false
	}
	return !slices.ContainsFunc(lab, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}
