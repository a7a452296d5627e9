package turn

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// period is how often the server is asked for a relay.
const period = 200 * time.Millisecond

// limit is how long bytes may take through a relay, all questions to the server included. Milliseconds were seen; one lost
// datagram is sent again within it.
const limit = 2 * time.Second

// Accepts claims that the server accepts a TCP connection: the health check of a monitoring system that knows ports. It is
// asked every 20 ms.
func Accepts(server Server) harness.Probe {
	return probe.NetworkProbe{
		Label: server.Node + " accepts connections", From: server.From,
		Checks: func(observer harness.Observer) (harness.Check, error) {
			at, err := server.at(observer)
			return harness.Check{TCP: &harness.TCPCheck{At: at}}, err
		},
	}
}

// Allocates claims that the server gives its user a relay, whatever address it announces for it: signalling. It is asked every
// 200 ms.
func Allocates(server Server) harness.Probe {
	return probe.Func{
		Label: server.Node + " gives relays", Every: period,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			_, err := Announced(ctx, observer, server)
			return err
		},
	}
}

// Relays claims that calls work: somebody who sends bytes to a relay at the address that the server announces for it reaches the
// client that the relay was given to, and gets the same bytes back from it. It is asked every 200 ms, and may take 2 s.
func Relays(server Server) harness.Probe {
	return probe.Func{
		Label: server.Node + " relays calls", Every: period,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			return server.call(ctx, observer)
		},
	}
}

// Announced is the address that the server announces for the relays that it gives at the moment.
func Announced(ctx context.Context, observer harness.Observer, server Server) (netip.Addr, error) {
	_, relay, end, err := server.allocate(ctx, observer)
	if err != nil {
		return netip.Addr{}, err
	}
	defer end()
	announced, err := netip.ParseAddrPort(relay.LocalAddr().String())
	return announced.Addr().Unmap(), err
}

// allocate gets a relay, which is given back in the end.
func (s Server) allocate(ctx context.Context, observer harness.Observer) (session, net.PacketConn, func(), error) {
	client, err := s.join(ctx, observer)
	if err != nil {
		return session{}, nil, nil, err
	}
	relay, err := client.Allocate()
	if err != nil {
		client.end()
		return session{}, nil, nil, ended(ctx, fmt.Errorf("ask for a relay: %w", err))
	}
	stop := context.AfterFunc(ctx, func() { _ = relay.Close() })
	return client, relay, func() {
		stop()
		_ = relay.Close() // a relay that is not given back ends by itself
		client.end()
	}, nil
}

// call sends bytes from a peer to a client of the server and back.
func (s Server) call(ctx context.Context, observer harness.Observer) error {
	client, relay, end, err := s.allocate(ctx, observer)
	if err != nil {
		return err
	}
	defer end()
	announced := relay.LocalAddr().String()
	peer, err := observer.Dial(ctx, s.from(), "udp4", announced)
	if err != nil {
		return fmt.Errorf("reach the relay at %s: %w", announced, err)
	}
	defer peer.Close() //nolint:errcheck // a datagram socket: nothing can be lost by it
	defer context.AfterFunc(ctx, func() { _ = peer.Close() })()
	if err := permit(client, peer.LocalAddr()); err != nil {
		return ended(ctx, err)
	}
	if err := exchange(peer, relay); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("nothing comes through the relay at %s: %w", announced, ctx.Err())
		}
		return fmt.Errorf("send through the relay at %s: %w", announced, err)
	}
	return nil
}

// permit has the server let the peer's datagrams through: it drops those of strangers.
func permit(client session, peer net.Addr) error {
	from, err := netip.ParseAddrPort(peer.String())
	if err != nil {
		return fmt.Errorf("read the peer's address: %w", err)
	}
	if err := client.CreatePermission(net.UDPAddrFromAddrPort(from)); err != nil {
		return fmt.Errorf("have the peer let through: %w", err)
	}
	return nil
}

// exchange has the peer send bytes, the client return what arrives, and the peer compare.
func exchange(peer net.Conn, relay net.PacketConn) error {
	sent := []byte("the peer's voice at " + time.Now().Format(time.RFC3339Nano))
	if _, err := peer.Write(sent); err != nil {
		return err
	}
	buffer := make([]byte, 2*len(sent))
	length, from, err := relay.ReadFrom(buffer)
	if err != nil {
		return err
	}
	if _, err := relay.WriteTo(buffer[:length], from); err != nil {
		return err
	}
	if length, err = peer.Read(buffer); err != nil {
		return err
	}
	if !bytes.Equal(buffer[:length], sent) {
		return fmt.Errorf("other bytes came back: %q", buffer[:length])
	}
	return nil
}
