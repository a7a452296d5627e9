package renumbering

import (
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/dns"
	"github.com/reprise-dr/reprise/harness/systems/minio"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
	"github.com/reprise-dr/reprise/harness/systems/s3"
	"github.com/reprise-dr/reprise/harness/systems/traefik"
	"github.com/reprise-dr/reprise/harness/systems/turn"
)

// wholeNight labels the drill of everything at once.
const wholeNight = "whole-night"

// accessProvider has the resolver of the site's visitors. An hour on its clock is a minute, so that the TTL of 4 h ends within
// the drill; everything else takes the time that it takes.
var accessProvider = dns.Resolver{Node: fixtures.DNSResolver, Rate: fixtures.NightRate}

// The night as they lived it: all that remembers an address is told anew, in the order of the postmortem and its two lists, while
// visitors, calls and writers go on trying.
var _ = Describe("The whole night", Label(wholeNight, "nightly"), func() {
	justAsked, newcomer := visitor(accessProvider), visitor(registrar)
	manages := harness.All(consul.Quorum(3), nomad.Quorum(3), nomad.Running(nomad.CanaryName))
	storeWhole := harness.All(administrator.Whole(), s3.TakesWrites(bucketAt("store-1")), s3.Answers(bucketAt("store-3")))
	ssh := dns.SSH(registrar, fixtures.DNSMachine+"."+fixtures.DNSMachineZone)

	It("brings back servers, site, calls and store, loses nothing and forgets no address", func(ctx SpecContext) {
		drill := beginNight(ctx, harness.Objective{RTO: accessProvider.Real(5 * time.Hour), RPO: 0, GiveUpAfter: 8 * time.Minute})
		whole := slices.Concat(manages, storeWhole, harness.All(calls, ssh, newcomer.ByAAAA(), justAsked.ByA()))
		writes := harness.Ledgers(consul.KVEvery("drill", 200*time.Millisecond), nomad.Variables("drill"),
			s3.Objects(bucketAt("store-1"), "ledger"))
		Expect(drill.Watch(ctx, port)).To(Succeed())
		By("proving the steady state, then writing through everything that follows")
		Expect(drill.Baseline(ctx, whole)).To(Succeed())
		Expect(drill.Milestones(ctx,
			harness.Milestone{Name: "the servers manage", Within: 2 * time.Minute, Claims: manages},
			harness.Milestone{
				Name: "the site is reached by who asks for its name anew", Within: 3 * time.Minute, Claims: harness.All(newcomer.ByA()),
			},
			harness.Milestone{Name: "calls work", Within: 4 * time.Minute, Claims: harness.All(calls)},
			harness.Milestone{Name: "the store is whole", Within: 4 * time.Minute, Claims: storeWhole},
			harness.Milestone{
				Name: "the site is reached by everybody", Within: accessProvider.Real(5 * time.Hour), Claims: harness.All(justAsked.ByA()),
			},
		)).To(Succeed())
		Expect(drill.StartWriting(ctx, writes)).To(Succeed())
		forgetName(ctx, drill, justAsked)
		By("moving every node of the site to new prefixes at once, when visitors have just asked for its name")
		Expect(drill.Inject(ctx, everyPrefix)).To(Succeed())
		left := leftInCache(ctx, drill, justAsked)
		Expect(drill.Detect(ctx, whole)).To(Succeed())

		By("doing what the postmortem did")
		Expect(drill.Repair(ctx, consul.StopRenumberStart(), nomad.PeersJSON())).To(Succeed())
		By("then what it says not to forget")
		Expect(drill.Repair(ctx,
			dns.Readdressing{Zone: siteZone, Types: []string{"A"}, TTL: 300 * time.Second},
			reroute(), traefik.StopRenumberStart(), turn.StopRenumberStart(), minio.StopRenumberStart())).To(Succeed())
		By("then what it left for later")
		Expect(drill.Repair(ctx,
			dns.Readdressing{Zone: siteZone, Types: []string{"AAAA"}}, dns.Readdressing{Zone: machineZone})).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, whole)).To(Succeed())
		By("looking for acknowledged writes that did not survive, and for what still names an old address")
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.Lost).To(BeZero())
		Expect(drill.Record().Forgotten()).To(BeEmpty())
		expectPredicted(drill, left)
		repaired := drill.Record().Steps[len(drill.Record().Steps)-1].To - drill.Record().Fault.At
		drill.Finding(fmt.Sprintf("the last step of the runbooks ended %v after the fault: from then on there was only the visitors' "+
			"cache to wait for", repaired.Round(time.Second)))
	}, SpecTimeout(25*time.Minute))
})

// visitor is somebody who comes to the site by its name and by Traefik.
func visitor(asks dns.Resolver) dns.Client { return visitorAt(asks, fixtures.DNSSite, 80) }

// beginNight brings everything up: the job, its route, a bucket, and the clock of the visitors' resolver.
func beginNight(ctx SpecContext, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := begin(ctx, fixtures.Night(), objective)
	drill.AlsoSearch(dns.ZoneTexts(siteZone), dns.ZoneTexts(machineZone), administrator.PeerTexts(),
		drift.Folders(minio.ServerRole, "/srv/minio"))
	Expect(drill.Expect(append(renamed, traefikRenumbered, relayRenumbered, storeReconfigured,
		drift.Planned{
			Kind: harness.KindMention, Key: "socket tcp established",
			Because: "the kernel of the site's machine keeps the connections of the old Traefik until it has asked for them in vain",
		})...)).To(Succeed())
	putRoute(ctx, drill, oldRoute)
	makeBucket(ctx, drill)
	checkClock(ctx, drill, accessProvider)
	return drill
}
