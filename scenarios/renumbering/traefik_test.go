package renumbering

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/dns"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
	"github.com/reprise-dr/reprise/harness/systems/traefik"
)

// throughTraefik labels the specs of a proxy that has its routes from Consul.
const throughTraefik = "traefik"

// siteHost is the site's name, as its visitors know it. They all come by Traefik.
const siteHost = fixtures.DNSSite

var visitors = traefik.Answers(traefik.Way{Node: fixtures.ProxyNode, Host: siteHost})

// siteAt is the site's route to where its job is.
func siteAt(server netip.Addr) traefik.Route {
	at := netip.AddrPortFrom(server, canaryPort)
	return traefik.Route{Name: "site", Host: siteHost, Servers: []string{"http://" + at.String()}}
}

// The site's route before and after the renumbering.
var (
	oldRoute = siteAt(netip.MustParseAddr("fd00:d1::31"))
	newRoute = siteAt(netip.MustParseAddr("fd00:d2::31"))
)

// newSite is one that is deployed after the renumbering.
var newSite = traefik.Route{
	Name: "shop", Host: "shop.reprise.test", Servers: []string{"http://client-1." + fixtures.DNSMachineZone + ":8080"},
}

// Traefik asks Consul what has changed in questions that are answered after watchAsks at the latest. It has no other limit
// for the answer than TCP's: Go asks whether the other end is there after 30 s without a packet, and then nine times, every 15 s.
const (
	watchAsks  = 16 * time.Second
	tcpGivesUp = 30*time.Second + 9*15*time.Second
)

var _ = Describe("Traefik with its routes in Consul", Label(throughTraefik, "nomad", "consul"), func() {
	It("keeps the routes that it has, which lead nowhere, and gets no new ones", Label(postmortem), func(ctx SpecContext) {
		drill := beginProxied(ctx, fixtures.ProxyBesideCluster(), oldRoute,
			harness.Objective{RTO: 10 * time.Second, GiveUpAfter: 15 * time.Second, NoData: true})
		drill.Claim(harness.Missed, "Traefik looks for Consul where its configuration says, until it is started again",
			harness.NotRecovered)
		Expect(drill.Watch(ctx, knows(oldRoute), knows(newRoute))).To(Succeed())

		leaveProxied(ctx, drill)
		By("bringing Consul back and writing the site's new address into its route, and nothing else")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), reroute())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, harness.All(visitors))).To(MatchError(harness.ErrNotRecovered))
		Expect(drill.Judge()).To(Succeed())

		Expect(neverReturned(drill.Record(), visitors)).To(BeTrue(), "visitors came back without a runbook for Traefik")
		_, forgot := drill.Outage(knows(oldRoute))
		Expect(forgot).To(BeFalse(), "Traefik has lost a route that it had in memory")
		Expect(sinceFault(drill.Record(), knows(newRoute))).To(BeZero(), "a new route has arrived")
		drill.Finding("Traefik serves on from memory: the old route, to an address that nobody has")
	}, SpecTimeout(4*time.Minute))

	It("has no route at all after a restart, until it is told where Consul is", Label(postmortem), func(ctx SpecContext) {
		drill := beginProxied(ctx, fixtures.ProxyBesideCluster(), oldRoute, harness.Objective{RTO: 2 * time.Minute, NoData: true})
		Expect(drill.Watch(ctx, knows(oldRoute), byName())).To(Succeed())

		leaveProxied(ctx, drill)
		By("restarting Traefik as it is, which people do first")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), reroute(),
			runbook.Restart{Service: traefik.Agents().On(fixtures.ProxyNode)},
			seen("see that Traefik has lost the route that it had", drill.AwaitDown, knows(oldRoute)))).To(Succeed())
		By("writing Consul's new address into its configuration, restarting it once more, and repairing Nomad as well")
		Expect(drill.Repair(ctx, traefik.StopRenumberStart(), nomad.PeersJSON(),
			seen("see that the job is found by its name", drill.AwaitUp, byName()))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, harness.All(visitors))).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Forgotten()).To(BeEmpty())
		drill.Finding("a restart before Consul can be found costs the routes that were still in memory")
	}, SpecTimeout(4*time.Minute))

	It("finds Consul again by itself when it was told a name, once TCP has given the old connection up", func(ctx SpecContext) {
		named := traefik.Route{
			Name: "site", Host: siteHost, Servers: []string{"http://client-1." + fixtures.DNSMachineZone + ":8080"},
		}
		drill := beginProxied(ctx, proxyByName(), named,
			harness.Objective{RTO: 2 * time.Minute, GiveUpAfter: 5 * time.Minute, NoData: true})
		Expect(drill.Watch(ctx, knows(named), knows(newSite), byName())).To(Succeed())

		leaveProxied(ctx, drill)
		By("bringing Consul and the names back, deploying another site, and leaving Traefik alone")
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: machineZone}, dns.Readdressing{Zone: siteZone}, consul.StopRenumberStart(),
			written(newSite), nomad.PeersJSON(),
			seen("see that the job is found by its name", drill.AwaitUp, byName()),
			seen("see that the new site's route arrives", drill.AwaitUp, knows(newSite)))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, harness.All(visitors))).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Forgotten()).To(BeEmpty())
		arrived := sinceFault(drill.Record(), knows(newSite))
		Expect(arrived).To(BeNumerically("~", tcpGivesUp-watchAsks/2, watchAsks), "the route has arrived %v after the fault", arrived)
		drill.Finding(fmt.Sprintf("by name, visitors are back as soon as the name is right; a route that is new arrives %v after "+
			"the fault, when TCP has given up the connection to Consul's old address", arrived.Round(time.Second)))
	}, SpecTimeout(9*time.Minute))
})

// proxyByName is the cluster whose Traefik is told Consul's name, with the name servers that know it.
func proxyByName() harness.Topology {
	const ttl = 10 * time.Second
	return fixtures.DNSOptions{TTL: ttl, MachineTTL: ttl, ByName: []string{fixtures.ProxyNode}}.Join(fixtures.ProxyBesideCluster())
}

func knows(route traefik.Route) harness.Probe { return traefik.Knows(fixtures.ProxyNode, route) }

// beginProxied brings the cluster up with the site's job in it and the site's route in Consul.
func beginProxied(ctx SpecContext, topology harness.Topology, route traefik.Route, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := begin(ctx, topology, objective)
	Expect(drill.Expect(append(renamed,
		traefikRenumbered,
		drift.Planned{
			Node: "client-1", Kind: harness.KindMention, Key: "socket tcp established",
			Because: "the site's server learns only from TCP that nobody is at the other end of an old connection",
		})...)).To(Succeed())
	putRoute(ctx, drill, route)
	return drill
}

// traefikRenumbered is what a renumbering changes on Traefik's machine on purpose.
var traefikRenumbered = drift.Planned{
	Kind: harness.KindFile, Key: "/etc/traefik/*", Because: "the runbook writes the new addresses into it",
}

// putRoute writes a route into Consul, from where Traefik has it.
func putRoute(ctx context.Context, drill *suite.Drill, route traefik.Route) {
	GinkgoHelper()
	By("writing the site's route into Consul")
	keys, err := route.Keys()
	Expect(err).NotTo(HaveOccurred())
	Expect(consul.PutKeys(ctx, drill.Lab, keys)).To(Succeed())
}

// leaveProxied is the story up to the moment an operator is called.
func leaveProxied(ctx context.Context, drill *suite.Drill) {
	GinkgoHelper()
	By("proving that visitors reach the site, then moving every node to new prefixes at once")
	steady := harness.All(visitors)
	Expect(drill.Baseline(ctx, steady)).To(Succeed())
	Expect(drill.Inject(ctx, everyPrefix)).To(Succeed())
	Expect(drill.Detect(ctx, steady)).To(Succeed())
}

// reroute writes the address that the site's job has now into the site's route.
func reroute() harness.Runbook {
	return consul.KeysWritten{What: "the site's new address", Values: func(observer harness.Observer) (map[string]string, error) {
		now, err := observer.Addresses("client-1")
		if err != nil {
			return nil, err
		}
		return siteAt(now.IPv6).Keys()
	}}
}

// written deploys a route.
func written(route traefik.Route) harness.Runbook {
	return consul.KeysWritten{
		What:   fmt.Sprintf("the route of %s", route.Host),
		Values: func(harness.Observer) (map[string]string, error) { return route.Keys() },
	}
}

// seen is an operator who waits until the drill has seen a probe as wanted.
func seen(
	what string, await func(ctx context.Context, probe harness.Probe) error, probe harness.Probe,
) harness.Runbook {
	return runbook.Of(what, harness.Step{Name: what, Do: func(ctx context.Context, _ harness.Operator) error {
		return await(ctx, probe)
	}})
}

// sinceFault is how long after the fault an SLI held for the first time; 0 when it never did.
func sinceFault(record harness.Record, probe harness.Probe) time.Duration {
	GinkgoHelper()
	for _, interval := range intervalsOf(record, probe) {
		if interval.Up && interval.To > record.Fault.At {
			return interval.SeenAt() - record.Fault.At
		}
	}
	return 0
}
