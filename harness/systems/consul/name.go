package consul

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// dnsPort is where every Consul server answers DNS.
const dnsPort = 8600

// Resolves claims that a client on the network that knows where the Consul servers are now gets an
// IPv6 address for SERVICE.service.consul by DNS. It is asked every 100 ms.
func Resolves(service string) harness.Probe {
	return byName(service+" resolves", service, func(context.Context, harness.Observer, netip.Addr) error { return nil })
}

// AnswersByName claims that the service answers over HTTP at the first address that
// SERVICE.service.consul resolves to: the view of a user who goes by the name. It is asked every
// 100 ms.
func AnswersByName(service string, port uint16) harness.Probe {
	return byName(service+" answers by name", service, func(ctx context.Context, observer harness.Observer, at netip.Addr) error {
		if err := get(ctx, observer, netip.AddrPortFrom(at, port)); err != nil {
			return fmt.Errorf("%s, found by name: %w", at, err)
		}
		return nil
	})
}

// namePeriod is how often the probes by name are asked, and so the resolution of their figures.
const namePeriod = 100 * time.Millisecond

// byName resolves a service and asks at the first address.
func byName(label, service string, ask func(ctx context.Context, observer harness.Observer, at netip.Addr) error) harness.Probe {
	return probe.Func{Label: label, Every: namePeriod, Ask: func(ctx context.Context, observer harness.Observer) error {
		addresses, err := resolve(ctx, observer, service+".service.consul.")
		if err != nil {
			return err
		}
		return ask(ctx, observer, addresses[0])
	}}
}

// resolve asks the servers in turn. An answer without an address is final: the others would only say the same.
func resolve(ctx context.Context, observer harness.Observer, name string) ([]netip.Addr, error) {
	nodes, err := servers(observer)
	if err != nil {
		return nil, err
	}
	var reply *dns.Msg
	err = probe.InTurn(ctx, nodes, func(ctx context.Context, node harness.Node) error {
		now, err := observer.Addresses(node.Name)
		if err != nil {
			return fmt.Errorf("look up its addresses: %w", err)
		}
		reply, err = exchange(ctx, observer, netip.AddrPortFrom(now.IPv6, dnsPort), name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return addressesIn(reply, name)
}

// addressesIn reads the IPv6 addresses out of a reply.
func addressesIn(reply *dns.Msg, name string) ([]netip.Addr, error) {
	if reply.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("%s: %s", name, dns.RcodeToString[reply.Rcode])
	}
	var addresses []netip.Addr
	for _, record := range reply.Answer {
		if aaaa, ok := record.(*dns.AAAA); ok {
			if address, ok := netip.AddrFromSlice(aaaa.AAAA); ok {
				addresses = append(addresses, address)
			}
		}
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%s has no IPv6 address", name)
	}
	return addresses, nil
}

// exchange asks one server for the name's IPv6 addresses over UDP. The library packs and reads the
// messages; it cannot send them itself, since it takes a tunnelled connection for a stream.
func exchange(ctx context.Context, observer harness.Observer, server netip.AddrPort, name string) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(name, dns.TypeAAAA)
	packed, err := question.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack the question: %w", err)
	}
	connection, err := observer.Dial(ctx, harness.VantageObserver, "udp6", server.String())
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

// get asks the service once.
func get(ctx context.Context, observer harness.Observer, at netip.AddrPort) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.String()+"/", nil)
	if err != nil {
		return err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	if err != nil {
		return harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("read the answer: %w", harness.Plain(err))
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	return nil
}
