package contracts

import (
	"context"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/dns"
)

const namesLabel = "names"

var (
	// The site's zone, and a client who asks the server itself.
	named = dns.Zone{Node: fixtures.DNSServer, Origin: fixtures.DNSZone, File: fixtures.DNSZoneFile}
	fresh = dns.Client{
		Asks: dns.Resolver{Node: fixtures.DNSServer}, Name: fixtures.DNSSite, Port: fixtures.DNSMachinePort, Contains: `"pid"`,
	}
	cache = dns.Resolver{Node: fixtures.DNSResolver, Rate: 60}
)

// names is one machine with a small site, its name server and a resolver.
func names() harness.Topology {
	cluster := fixtures.ConsulServers(1)
	cluster.Nodes, cluster.Name = nil, "contracts-names"
	return fixtures.DNSOptions{
		TTL: time.Hour, MachineTTL: time.Hour, SSH: true, Site: fixtures.DNSMachine,
		Resolvers: []fixtures.DNSResolverOptions{{Rate: cache.Rate}},
	}.Join(cluster)
}

var _ = Describe("On a name server and a resolver", Label(namesLabel), Ordered, ContinueOnFailure, func() {
	run(names(), namesParts, peace(fresh.HappyEyeballs(), behindCache().ByA(), dns.SSH(cache, machineName)))
})

// machineName is that of the machine in the machines' own zone.
const machineName = fixtures.DNSMachine + "." + fixtures.DNSMachineZone

func behindCache() dns.Client {
	client := fresh
	client.Asks = cache
	return client
}

func namesParts(func() *lab.Lab) parts {
	changed := harness.All(fresh.ByA(), fresh.ByAAAA())
	return parts{
		probes: []labtest.ProbeCase{
			{Probe: fresh.ByA()},
			{Probe: fresh.ByAAAA()},
			{Probe: fresh.OneByOne()},
			{Probe: fresh.HappyEyeballs()},
			{Probe: behindCache().ByA()},
			{Probe: dns.SSH(cache, machineName)},
		},
		runbooks: []labtest.RunbookCase{
			{Runbook: dns.NewTTL{Zone: named, TTL: time.Minute}, Promises: changed},
			{Runbook: dns.Flush(cache, fixtures.DNSSite), Promises: harness.All(behindCache().ByA())},
		},
		sequence: []spec{
			prepared("the machine moves", func(ctx context.Context, cluster *lab.Lab) error {
				_, err := fault.Renumbering{
					Into: netip.MustParsePrefix("fd00:d2::/64"), IntoIPv4: netip.MustParsePrefix("10.201.2.0/24"),
				}.Inject(ctx, cluster)
				return err
			}),
			carriedOut(labtest.RunbookCase{Runbook: dns.Readdressing{Zone: named}, Promises: changed}),
		},
	}
}
