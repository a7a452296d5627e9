package contracts

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
	"github.com/reprise-dr/reprise/harness/systems/traefik"
)

const proxyLabel = "proxy"

// The site's route, by which visitors come to the canary.
var (
	route = traefik.Route{Name: "site", Host: "site.reprise.test", Servers: []string{"http://[fd00:d1::31]:8080"}}
	way   = traefik.Way{Node: fixtures.ProxyNode, Host: route.Host}
)

var _ = Describe("On a proxy with its routes in Consul", Label(proxyLabel), Ordered, ContinueOnFailure, func() {
	run(fixtures.ProxyBesideCluster(), proxyParts, func(ctx context.Context, cluster *lab.Lab) error {
		keys, err := route.Keys()
		return errors.Join(err,
			nomad.Run(ctx, cluster, nomad.Canary(canaryPort)),
			consul.PutKeys(ctx, cluster, keys),
			peace(proxied...)(ctx, cluster))
	})
})

var proxied = harness.All(traefik.Answers(way), traefik.Knows(fixtures.ProxyNode, route))

func proxyParts(func() *lab.Lab) parts {
	keys := func(harness.Observer) (map[string]string, error) { return route.Keys() }
	return parts{
		probes: []labtest.ProbeCase{{Probe: traefik.Answers(way)}, {Probe: traefik.Knows(fixtures.ProxyNode, route)}},
		runbooks: []labtest.RunbookCase{
			{Runbook: consul.KeysWritten{What: "the site's route", Values: keys}, Promises: proxied},
			{Runbook: traefik.StopRenumberStart(), Promises: proxied},
		},
	}
}
