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
	"github.com/reprise-dr/reprise/harness/internal/lookup"
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
		question := new(dns.Msg).SetQuestion(name, dns.TypeAAAA)
		reply, err = lookup.Exchange(ctx, observer, harness.VantageObserver, netip.AddrPortFrom(now.IPv6, dnsPort), question)
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
