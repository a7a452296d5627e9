package k3s

import (
	"fmt"
	"net/netip"
	"net/url"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// ServiceAnswers claims that a service answers over HTTP from outside the cluster, at the IPv4 address that
// a node has now: port is a NodePort, or one that a pod holds on the node itself. Host is what the request
// calls the server, "" for its address. It is asked every 100 ms: see servicePeriod.
func ServiceAnswers(label, node string, port uint16, host, path string) probe.NetworkProbe {
	return probe.NetworkProbe{Label: label, Every: servicePeriod, Checks: func(observer harness.Observer) (harness.Check, error) {
		now, err := observer.Addresses(node)
		if err != nil {
			return harness.Check{}, fmt.Errorf("look up the addresses of %s: %w", node, err)
		}
		return harness.Check{HTTP: &harness.HTTPCheck{At: netip.AddrPortFrom(now.IPv4, port), Host: host, Path: path}}, nil
	}}
}

// Resolves claims that a pod gets an address for a name by DNS: the canary, asked over HTTP from outside the
// cluster as in [ServiceAnswers], tells what the pod's own resolver says. A name of a Service shows that DNS
// works within the cluster, one of the outside that it reaches beyond. It is asked every 100 ms.
func Resolves(label, node string, port uint16, host, name string) probe.NetworkProbe {
	claim := ServiceAnswers(label, node, port, host, "/resolve?name="+url.QueryEscape(name))
	claim.Every = namePeriod
	return claim
}
