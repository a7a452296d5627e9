package renumbering

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/dns"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

// The postmortem's "not to forget": the names. The name servers are the registrar's, and the resolvers are those of the
// clients' access providers: a renumbering leaves both where they are. Nobody waits for hours here: the clock of a resolver
// runs as many times as fast as its name says, which every drill checks first by a TTL that it knows. What is waited for is
// measured on the drill's clock, and told on the resolver's.
var _ = Describe("DNS after a renumbering", Label(dnsLabel, postmortem), func() {
	It("keeps who has just asked away for the rest of a TTL of 4 h, whatever the TTL is set to afterwards", func(ctx SpecContext) {
		cache := dns.Resolver{Node: fixtures.DNSResolver, Rate: 600}
		drill := beginNamed(ctx, fixtures.DNSOptions{TTL: 4 * time.Hour, MachineTTL: time.Hour},
			tenMinutesOf(cache, 5*time.Hour), cache)
		drill.Claim(harness.Missed, "a cache gives a record out for the rest of the TTL that it was told, whatever the zone says now",
			harness.TooLate)
		kept, shortened := client(cache, fixtures.DNSSite), client(cache, fixtures.DNSShop)
		fresh := client(registrar, fixtures.DNSSite)
		Expect(drill.Watch(ctx, fresh.ByA())).To(Succeed())
		steady := harness.All(kept.ByA(), shortened.ByA())

		left := renumberNamed(ctx, drill, steady, kept, shortened)
		By("changing the A records at once, that of the shop with a TTL of 300 s, the least that the registrar takes; then the rest")
		Expect(drill.Repair(ctx,
			dns.Readdressing{Zone: siteZone, Names: []string{fixtures.DNSSite}},
			dns.Readdressing{Zone: siteZone, Names: []string{fixtures.DNSShop}, TTL: 300 * time.Second},
			dns.Readdressing{Zone: machineZone},
			consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		By("comparing with what was left in the cache: 300 s that were set afterwards help nobody who had asked before")
		for _, one := range left {
			expectPredicted(drill, one)
			Expect(one.atFault(drill)).To(BeNumerically(">", 3*time.Hour), "it was not somebody who had just asked")
		}
		outage, suffered := drill.Outage(fresh.ByA())
		Expect(suffered && outage.Returned && outage.Back < 10*time.Second).
			To(BeTrue(), "who asks for the name anew should find the site as soon as the zone is changed: %+v", outage)
		drill.Finding(fmt.Sprintf("who had not asked before was back %v after the fault", outage.Back.Round(time.Millisecond)))
	}, SpecTimeout(4*time.Minute))

	It("keeps who has just asked away for 300 s where that was the TTL before", func(ctx SpecContext) {
		cache := dns.Resolver{Node: fixtures.DNSResolver, Rate: 20}
		drill := beginNamed(ctx, fixtures.DNSOptions{TTL: 300 * time.Second, MachineTTL: 300 * time.Second},
			tenMinutesOf(cache, time.Hour), cache)
		visitor := client(cache, fixtures.DNSSite)
		steady := harness.All(visitor.ByA())

		left := renumberNamed(ctx, drill, steady, visitor)
		By("changing the records at once, then everything else")
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: siteZone}, dns.Readdressing{Zone: machineZone},
			consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		expectPredicted(drill, left[0])
	}, SpecTimeout(4*time.Minute))

	It("keeps clients with IPv6 away whose AAAA record was forgotten, unless they have happy eyeballs", func(ctx SpecContext) {
		drill := beginNamed(ctx, fixtures.DNSOptions{TTL: 300 * time.Second, MachineTTL: 300 * time.Second},
			harness.Objective{RTO: time.Minute, GiveUpAfter: 90 * time.Second, NoData: true, Dwell: dwellNamed})
		visitor := client(registrar, fixtures.DNSSite)
		byIPv4, oneByOne, happy := visitor.ByA(), visitor.OneByOne(), visitor.HappyEyeballs()
		Expect(drill.Watch(ctx, byIPv4, visitor.ByAAAA(), byName())).To(Succeed())
		Expect(drill.Milestones(ctx, harness.Milestone{
			Name: "clients with happy eyeballs are back", Within: 15 * time.Second, Claims: harness.All(happy),
		})).To(Succeed())
		steady := harness.All(oneByOne)

		renumberNamed(ctx, drill, steady)
		By("changing the A record at once, and everything else but the AAAA record")
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: siteZone, Types: []string{"A"}})).To(Succeed())
		Expect(drill.AwaitUp(ctx, happy)).To(Succeed())
		asked := time.Now()
		Expect(happy.Check(ctx, drill.Lab)).To(Succeed())
		took := time.Since(asked)
		Expect(took).To(BeNumerically(">=", 250*time.Millisecond), "happy eyeballs did not begin with the AAAA record")
		drill.Finding(fmt.Sprintf("happy eyeballs cost %v a page while the AAAA record was old", took.Round(time.Millisecond)))
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: machineZone}, consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		By("finding that clients who try one address after the other are still away, although the A record is right")
		for _, right := range harness.All(byIPv4, byName()) {
			Expect(drill.AwaitUp(ctx, right)).To(Succeed())
		}
		Expect(drill.AwaitDown(ctx, oneByOne)).To(Succeed())
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: siteZone, Types: []string{"AAAA"}})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		outage, suffered := drill.Outage(oneByOne)
		Expect(suffered && outage.Back > lastChange(drill)).
			To(BeTrue(), "clients without happy eyeballs came back before the AAAA record was right")
	}, SpecTimeout(4*time.Minute))

	It("keeps operators from machines, and a machine from its servers, until the machines' zone is changed", func(ctx SpecContext) {
		cache := dns.Resolver{Node: fixtures.DNSResolver, Rate: 60}
		drill := beginNamed(ctx, fixtures.DNSOptions{
			TTL: 300 * time.Second, MachineTTL: 300 * time.Second, SSH: true, ByName: []string{"client-1"},
		}, harness.Objective{RTO: time.Minute, GiveUpAfter: 90 * time.Second, NoData: true, Dwell: dwellNamed}, cache)
		ssh, servers := dns.SSH(cache, "host-1."+fixtures.DNSMachineZone), reachesServers("client-1")
		manages := harness.All(consul.Quorum(1), nomad.Quorum(1))
		Expect(drill.Watch(ctx, manages...)).To(Succeed())
		steady := harness.All(ssh, servers, byName())

		renumberNamed(ctx, drill, steady)
		By("changing the site's zone and all configuration: the servers are back, and nobody finds them")
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: siteZone}, consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		for _, one := range manages {
			Expect(drill.AwaitUp(ctx, one)).To(Succeed())
		}
		Expect(drill.AwaitDown(ctx, ssh)).To(Succeed())
		Expect(drill.AwaitDown(ctx, servers)).To(Succeed())
		By("changing the machines' own zone")
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: machineZone})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		for _, one := range steady {
			outage, suffered := drill.Outage(one)
			Expect(suffered && outage.Back > lastChange(drill)).To(BeTrue(), "%s was back before the zone was changed", one.Name())
		}
		outage, _ := drill.Outage(ssh)
		after := cache.Own(outage.Back - lastChange(drill))
		drill.Finding(fmt.Sprintf("operators found the machine %v after its zone was changed, on the clock of %s, "+
			"which libfaketime runs", after.Round(time.Second), cache))
		Expect(after).To(BeNumerically("<", 300*time.Second+cache.Own(outage.Resolution+time.Second)), "a TTL, and the change itself")
	}, SpecTimeout(4*time.Minute))

	It("keeps clients away for longer than the TTL behind resolvers with a minimum or with stale answers", func(ctx SpecContext) {
		stale := dns.Resolver{Node: "resolver-1", Rate: 60}
		minimum := dns.Resolver{Node: "resolver-2", Rate: 60}
		drill := beginNamed(ctx, fixtures.DNSOptions{
			TTL: 300 * time.Second, MachineTTL: 300 * time.Second, Resolvers: []fixtures.DNSResolverOptions{
				{Rate: stale.Rate, ServeExpired: 24 * time.Hour}, {Rate: minimum.Rate, MinimumTTL: 15 * time.Minute},
			},
		}, tenMinutesOf(minimum, time.Hour), stale, minimum)
		drill.Claim(harness.Missed, "a resolver with a minimum TTL keeps a record for that long, whatever the zone says",
			harness.TooLate)
		visitor := client(minimum, fixtures.DNSSite)
		steady := harness.All(visitor.ByA())
		By("having somebody ask the resolver that serves stale answers, once")
		asked := time.Now()
		old, err := stale.Addresses(ctx, drill.Lab, fixtures.DNSSite, "A")
		Expect(err).NotTo(HaveOccurred())

		left := renumberNamed(ctx, drill, steady, visitor)
		Expect(drill.Repair(ctx, dns.Readdressing{Zone: siteZone}, dns.Readdressing{Zone: machineZone},
			consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		By("asking the resolver that serves stale answers again: the old address once more, then the new one")
		again, err := stale.Addresses(ctx, drill.Lab, fixtures.DNSSite, "A")
		Expect(err).NotTo(HaveOccurred())
		Expect(again).To(Equal(old), "the answer was not stale")
		drill.Finding(fmt.Sprintf("%s gave the old address out once more, %v after its TTL, on its clock, "+
			"which libfaketime runs", stale, (stale.Own(time.Since(asked)) - 300*time.Second).Round(time.Second)))
		Eventually(ctx, func() (any, error) { return stale.Addresses(ctx, drill.Lab, fixtures.DNSSite, "A") }).
			ShouldNot(Equal(old), "the stale answer was given out again and again")
		Expect(drill.Judge()).To(Succeed())
		expectPredicted(drill, left[0])
		Expect(left[0].atFault(drill)).To(BeNumerically(">", 300*time.Second), "the resolver keeps to the TTL of the zone")
	}, SpecTimeout(4*time.Minute))
})

// dnsLabel labels what needs the name servers.
const dnsLabel = "dns"

// The zones, and whoever has asked nobody before asks the server itself.
var (
	registrar   = dns.Resolver{Node: fixtures.DNSServer}
	siteZone    = dns.Zone{Node: fixtures.DNSServer, Origin: fixtures.DNSZone, File: fixtures.DNSZoneFile}
	machineZone = dns.Zone{Node: fixtures.DNSServer, Origin: fixtures.DNSMachineZone, File: fixtures.DNSMachineFile}
)

// dwellNamed is short because a record that is kept expires while it lasts.
const dwellNamed = time.Second

// tenMinutesOf is the target of ten minutes on a resolver's clock, watched for so long on the same clock.
func tenMinutesOf(cache dns.Resolver, watched time.Duration) harness.Objective {
	return harness.Objective{
		RTO: cache.Real(10 * time.Minute), GiveUpAfter: cache.Real(watched), NoData: true, Dwell: dwellNamed,
	}
}

// named is the small cluster with its name servers.
func named(options fixtures.DNSOptions) harness.Topology {
	return options.Join(fixtures.NomadConsulOptions{Servers: 1, Name: "renumbering-dns"}.Topology())
}

// beginNamed brings the small cluster up with its name servers and the canary job, and checks the clocks.
func beginNamed(
	ctx SpecContext, options fixtures.DNSOptions, objective harness.Objective, clocks ...dns.Resolver,
) *suite.Drill {
	GinkgoHelper()
	if len(options.Resolvers) == 0 && len(clocks) > 0 {
		options.Resolvers = []fixtures.DNSResolverOptions{{Rate: clocks[0].Rate}}
	}
	drill := begin(ctx, named(options), objective)
	drill.AlsoSearch(dns.ZoneTexts(siteZone), dns.ZoneTexts(machineZone))
	Expect(drill.Expect(renamed...)).To(Succeed())
	for _, clock := range clocks {
		checkClock(ctx, drill, clock)
	}
	return drill
}

// checkClock holds a resolver's clock against a TTL that is known, and keeps what it found with the record.
func checkClock(ctx context.Context, drill *suite.Drill, clock dns.Resolver) {
	GinkgoHelper()
	By("checking the clock of " + clock.Node + " by a TTL that is known")
	rate, err := clock.CheckClock(ctx, drill.Lab, fixtures.DNSClock, fixtures.DNSClockTTL)
	Expect(err).NotTo(HaveOccurred())
	drill.Observe("clock", clock.Node, fmt.Sprintf("%s runs on libfaketime: by the TTL of %s, %.1f s pass on it in one", clock,
		fixtures.DNSClock, rate))
}

// renamed is what the change of names leaves different, besides what a renumbering does.
var renamed = []drift.Planned{
	{Kind: harness.KindFile, Key: "/etc/nsd/zones/*", Because: "the runbook writes the new addresses into the zones"},
	{Kind: harness.KindRoute, Key: "**", Because: "who is elsewhere reaches the new prefixes"},
	{
		Kind: harness.KindMention, Node: fixtures.DNSMachine, Key: "socket tcp established",
		Because: "an SSH server waits two minutes for somebody to log in who was there when the address went",
	},
}

// client is a visitor of the site who asks somebody for its name, and comes to the job itself.
func client(asks dns.Resolver, name string) dns.Client { return visitorAt(asks, name, canaryPort) }

func visitorAt(asks dns.Resolver, name string, port uint16) dns.Client {
	return dns.Client{Asks: asks, Name: name, Port: port, Contains: `"pid"`}
}

// A remainder is what was left of a client's record in its cache.
type remainder struct {
	client dns.Client
	kept   dns.Kept
}

// atFault is what was left at t0, on the resolver's clock.
func (r remainder) atFault(drill *suite.Drill) time.Duration {
	record := drill.Record()
	return r.kept.LeftAt(record.Started.Add(record.Fault.At))
}

// renumberNamed is the story up to the moment an operator is called, with clients who have just asked for the name. It reads
// what is left of their records then.
func renumberNamed(ctx context.Context, drill *suite.Drill, steady harness.SteadyState, justAsked ...dns.Client) []remainder {
	GinkgoHelper()
	By("proving the steady state")
	Expect(drill.Baseline(ctx, steady)).To(Succeed())
	for _, one := range justAsked {
		forgetName(ctx, drill, one)
	}
	By("moving every node of the cluster to new prefixes at once, when clients have just asked for its name")
	Expect(drill.Inject(ctx, everyPrefix)).To(Succeed())
	var left []remainder
	for _, one := range justAsked {
		left = append(left, leftInCache(ctx, drill, one))
	}
	Expect(drill.Detect(ctx, steady)).To(Succeed())
	return left
}

// forgetName has the client's resolver forget the name, so that the client's next question begins a whole TTL.
func forgetName(ctx context.Context, drill *suite.Drill, client dns.Client) {
	GinkgoHelper()
	for _, step := range dns.Flush(client.Asks, client.Name).Steps() {
		Expect(step.Do(ctx, drill.Lab)).To(Succeed())
	}
}

// leftInCache reads what is left of the TTL of the client's record. A machine that is too busy for a close reading is a doubt.
func leftInCache(ctx context.Context, drill *suite.Drill, client dns.Client) remainder {
	GinkgoHelper()
	kept, err := client.Asks.TTLLeft(ctx, drill.Lab, client.Name, "A")
	Expect(err).NotTo(HaveOccurred())
	if kept.Within > time.Second {
		drill.Doubt(fmt.Sprintf("the TTL of %s behind %s could be read within %v of its clock only", client.Name, client.Asks,
			kept.Within))
	}
	return remainder{client, kept}
}

// expectPredicted holds how long a client was away against what was left of its record's TTL in its cache at t0: it is that,
// within two seconds, because a TTL is told in whole ones, and the resolution of what was measured. All of it is on the
// resolver's clock.
func expectPredicted(drill *suite.Drill, left remainder) {
	GinkgoHelper()
	cache := left.client.Asks
	outage, suffered := drill.Outage(left.client.ByA())
	Expect(suffered && outage.Returned).To(BeTrue(), "%s was not away, or never came back", left.client.Name)
	predicted, measured, resolution := left.atFault(drill), cache.Own(outage.Back), cache.Own(outage.Resolution)
	drill.Finding(fmt.Sprintf("%s behind %s: %v of the TTL were left in its cache at the fault, and its clients were back after %v "+
		"(± %v); the RTO is %v; all on its clock, which libfaketime runs", left.client.Name, cache, predicted.Round(time.Second),
		measured.Round(time.Second), resolution.Round(time.Second), cache.Own(drill.Record().Objective.RTO)))
	Expect(measured).To(BeNumerically("~", predicted, 2*time.Second+resolution), "predicted from what was left of the TTL")
}

// lastChange is when the steps of the last runbook began, from t0.
func lastChange(drill *suite.Drill) time.Duration {
	record := drill.Record()
	last := len(record.Steps) - 1
	for last > 0 && record.Steps[last-1].Runbook == record.Steps[last].Runbook {
		last--
	}
	return record.Steps[last].From - record.Fault.At
}

// reachesServers claims that a Nomad client gets an answer from its servers, whom its configuration names.
func reachesServers(node string) harness.Probe {
	return probe.Func{
		Label: node + " reaches its Nomad servers", Every: 200 * time.Millisecond,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:4646/v1/status/leader", nil)
			if err != nil {
				return err
			}
			response, err := harness.HTTPClient(observer, node).Do(request)
			if err != nil {
				return harness.Plain(err)
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("answered %s", response.Status)
			}
			return nil
		},
	}
}
