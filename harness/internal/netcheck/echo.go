package netcheck

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/reprise-dr/reprise/harness"
)

// echo is what `ping` does. One socket serves all checks in flight: it is not connected, so that
// every request takes the route and the source address of its own moment.
type echo struct {
	at       netip.Addr
	family   family
	packets  *packets
	identity int // what tells these requests from those of others on this machine
	ended    chan struct{}

	mu      sync.Mutex
	last    uint16
	waiting map[uint16]chan<- error // by sequence number
}

// family is what differs between ICMP for IPv4 and for IPv6.
type family struct {
	network        string
	number         int
	request, reply icmp.Type
}

var (
	family4 = family{"ip4:icmp", 1, ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply}
	family6 = family{"ip6:ipv6-icmp", 58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply}
)

// payload is as long as that of ping, less the time it puts there.
var payload = make([]byte, 48)

func newEcho(check harness.PingCheck, dial Dial) (*echo, error) {
	if dial != nil {
		return nil, errors.New("an echo cannot be asked over a connection: it needs the machine's own network")
	}
	at := check.At.Unmap()
	family := family6
	if at.Is4() {
		family = family4
	}
	packets, err := newPackets(family.network, at)
	if err != nil {
		return nil, fmt.Errorf("open a raw socket for the echo check: %w", err)
	}
	e := &echo{
		at: at, family: family, packets: packets,
		identity: int(uint16(rand.Uint32())), ended: make(chan struct{}), waiting: map[uint16]chan<- error{},
	}
	if err := e.filter(); err != nil {
		return nil, errors.Join(fmt.Errorf("filter what the echo check's socket receives: %w", err), packets.close())
	}
	go e.receive()
	return e, nil
}

// filter has the kernel drop what is no reply to these requests: a raw socket sees all ICMP of the machine.
func (e *echo) filter() error {
	// The socket of IPv4 begins with the IP header, whose length varies.
	program := []bpf.Instruction{bpf.LoadConstant{Dst: bpf.RegX, Val: 0}}
	reply := uint32(ipv6.ICMPTypeEchoReply)
	if e.at.Is4() {
		program = []bpf.Instruction{bpf.LoadMemShift{Off: 0}}
		reply = uint32(ipv4.ICMPTypeEchoReply)
	}
	program = append(program,
		bpf.LoadIndirect{Off: 0, Size: 1}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: reply, SkipTrue: 3},
		bpf.LoadIndirect{Off: 4, Size: 2}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(e.identity), SkipTrue: 1},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	)
	assembled, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	if e.at.Is4() {
		return ipv4.NewPacketConn(e.packets.socket).SetBPF(assembled)
	}
	return ipv6.NewPacketConn(e.packets.socket).SetBPF(assembled)
}

func (e *echo) ask(ctx context.Context) error {
	answered := make(chan error, 1)
	number := e.expect(answered)
	defer e.forget(number)
	request := icmp.Message{Type: e.family.request, Body: &icmp.Echo{ID: e.identity, Seq: int(number), Data: payload}}
	packet, err := request.Marshal(nil) // the kernel adds the checksum of IPv6
	if err != nil {
		return fmt.Errorf("write an echo request: %w", err)
	}
	if err := e.packets.send(packet); err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return plain(ctx, ctx.Err(), errNoAnswer)
	}
}

// expect takes a sequence number that no request in flight has.
func (e *echo) expect(answered chan<- error) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.last++; e.waiting[e.last] != nil; e.last++ {
	}
	e.waiting[e.last] = answered
	return e.last
}

func (e *echo) forget(number uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.waiting, number)
}

// receive hands replies out until the socket is closed.
func (e *echo) receive() {
	defer close(e.ended)
	buffer := make([]byte, 1500)
	for {
		packet, from, err := e.packets.receive(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			e.fail(plain(context.Background(), err, errNoAnswer))
		default:
			e.deliver(packet, from)
		}
	}
}

// deliver finds the request that a packet replies to.
func (e *echo) deliver(packet []byte, from netip.Addr) {
	if from.Unmap().WithZone("") != e.at.WithZone("") {
		return
	}
	message, err := icmp.ParseMessage(e.family.number, packet)
	if err != nil || message.Type != e.family.reply {
		return
	}
	reply, ok := message.Body.(*icmp.Echo)
	if !ok || reply.ID != e.identity {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if answered := e.waiting[uint16(reply.Seq)]; answered != nil {
		answered <- nil
		delete(e.waiting, uint16(reply.Seq))
	}
}

// fail gives all requests in flight the socket's error: it does not say which of them it is about,
// and all went to the same place.
func (e *echo) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for number, answered := range e.waiting {
		answered <- err
		delete(e.waiting, number)
	}
}

func (e *echo) close() error {
	err := e.packets.close()
	<-e.ended
	return err
}
