// Package lookup asks name servers over the connections of a lab. It is below the systems that do so, and knows none of them.
package lookup

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
)

// Exchange asks one server over UDP, from a node, and returns its reply, whatever that says. The library packs and reads the
// messages; it cannot send them itself, since it takes a tunnelled connection for a stream.
func Exchange(
	ctx context.Context, observer harness.Observer, from string, server netip.AddrPort, question *dns.Msg,
) (*dns.Msg, error) {
	packed, err := question.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack the question: %w", err)
	}
	network := "udp6"
	if server.Addr().Is4() {
		network = "udp4"
	}
	connection, err := observer.Dial(ctx, from, network, server.String())
	if err != nil {
		return nil, err
	}
	defer connection.Close() //nolint:errcheck // a datagram socket: nothing can be lost by it
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	defer stop()
	if _, err := connection.Write(packed); err != nil {
		return nil, ended(ctx, fmt.Errorf("send the question: %w", err))
	}
	buffer := make([]byte, dns.MaxMsgSize)
	for {
		length, err := connection.Read(buffer)
		if err != nil {
			return nil, ended(ctx, fmt.Errorf("read the reply: %w", err))
		}
		reply := new(dns.Msg)
		if err := reply.Unpack(buffer[:length]); err != nil {
			return nil, fmt.Errorf("unpack the reply: %w", err)
		}
		if reply.Id == question.Id {
			return reply, nil
		}
	}
}

// ended prefers the end of the context, which closed the connection, over the error that caused.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
