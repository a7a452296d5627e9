package nomad

import (
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// Answers claims that the service answers over HTTP, across the network, at the present IPv6
// address of a Nomad client: the view of a user who always knows where to look. Of several clients
// the first of the topology is asked, every 20 ms. The answer must be the canary's.
func Answers(service string, port uint16) probe.NetworkProbe {
	return answers(service+" answers", port, func(observer harness.Observer, client harness.Node) (netip.Addr, error) {
		now, err := observer.Addresses(client.Name)
		if err != nil {
			return netip.Addr{}, fmt.Errorf("look up the addresses of %s: %w", client.Name, err)
		}
		return now.IPv6, nil
	})
}

// AnswersPinned claims that the service answers at the IPv6 address a Nomad client had in peace
// time: the view of a user who wrote the address down. Of several clients the first of the topology
// is asked, every 20 ms. The answer must be the canary's.
func AnswersPinned(service string, port uint16) probe.NetworkProbe {
	return answers(service+" answers at its old address", port, func(_ harness.Observer, client harness.Node) (netip.Addr, error) {
		return client.IPv6, nil
	})
}

// canaryMark is in every answer of the canary, and hardly in anybody else's.
const canaryMark = `"pid"`

func answers(label string, port uint16, address func(harness.Observer, harness.Node) (netip.Addr, error)) probe.NetworkProbe {
	return probe.NetworkProbe{Label: label, Checks: func(observer harness.Observer) (harness.Check, error) {
		clients := observer.Topology().Selected(ClientRole)
		if len(clients) == 0 {
			return harness.Check{}, fmt.Errorf("the topology has no node of role %s", ClientRole)
		}
		at, err := address(observer, clients[0])
		if err != nil {
			return harness.Check{}, err
		}
		return harness.Check{HTTP: &harness.HTTPCheck{At: netip.AddrPortFrom(at, port), Contains: canaryMark}}, nil
	}}
}
