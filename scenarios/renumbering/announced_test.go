package renumbering

import (
	"net/netip"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/turn"
)

// announced labels the specs of an address that a service tells its clients itself.
const announced = "announced"

// relay tells its clients its own public IPv4 address, as the postmortem's video bridge did.
var relay = turn.Server{
	Node: fixtures.RelayNode, User: fixtures.RelayUser, Password: fixtures.RelayPassword, From: fixtures.RelayCaller,
}

// What a call needs, and what the checks of a monitoring system ask.
var (
	calls     = turn.Relays(relay)
	port      = turn.Accepts(relay)
	signaling = turn.Allocates(relay)
)

var _ = Describe("An address that a service announces by itself", Label(announced, postmortem), func() {
	It("takes every call with it while all health checks stay green", func(ctx SpecContext) {
		drill := beginRelay(ctx, harness.Objective{RTO: 10 * time.Second, GiveUpAfter: 15 * time.Second, NoData: true})
		drill.Claim(harness.Missed, "coturn announces the address in its configuration, whoever has that", harness.NotRecovered)

		moveRelay(ctx, drill)
		By("waiting for a recovery that nobody works on")
		Expect(drill.AwaitRecovery(ctx, harness.All(calls))).To(MatchError(harness.ErrNotRecovered))
		told, err := turn.Announced(ctx, drill.Lab, relay)
		Expect(err).NotTo(HaveOccurred())
		before, _ := drill.Lab.Topology().Node(relay.Node)
		mentions, err := drill.Lab.Mentions(ctx, relay.Node, []netip.Addr{before.IPv4})
		Expect(err).NotTo(HaveOccurred())
		Expect(drill.Judge()).To(Succeed())

		By("comparing what calls and checks have seen")
		Expect(neverReturned(drill.Record(), calls)).To(BeTrue(), "calls came back by themselves")
		for _, check := range harness.All(port, signaling) {
			Expect(downBefore(drill.Record(), check, drill.Record().Duration)).To(BeNumerically("<=", theMoveItself),
				"%q has noticed", check.Name())
		}
		Expect(told).To(Equal(before.IPv4), "coturn has found its new address by itself")
		Expect(mentions).To(ContainElement(And(
			HaveField("Key", "/etc/turnserver.conf"), HaveField("Text", "external-ip="+before.IPv4.String()),
		)), "the search for old addresses does not find the line that the outage comes from")
		drill.Finding("an open port and a relay that is given prove nothing: only bytes sent to the announced address do")
	}, SpecTimeout(3*time.Minute))

	It("is brought back by writing the new one and a restart", func(ctx SpecContext) {
		drill := beginRelay(ctx, harness.Objective{RTO: time.Minute, NoData: true})

		moveRelay(ctx, drill)
		By("writing the new address where the old one was announced, and restarting: coturn reads that line only then")
		Expect(drill.Repair(ctx, turn.StopRenumberStart())).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, harness.All(calls))).To(Succeed())
		Expect(drill.Judge()).To(Succeed())

		By("making sure that it was the calls' own probe that has found the failure")
		record := drill.Record()
		for _, check := range harness.All(port, signaling) {
			Expect(downBefore(record, check, record.Steps[0].From)).To(BeNumerically("<=", theMoveItself), "%q has noticed", check.Name())
		}
		Expect(record.Forgotten()).To(BeEmpty())
	}, SpecTimeout(3*time.Minute))
})

// theMoveItself is how long a check may be red because it asked while the addresses were being changed.
const theMoveItself = time.Second

// relayRenumbered is what a renumbering changes on the relay's machine on purpose.
var relayRenumbered = drift.Planned{
	Kind: harness.KindFile, Key: "/etc/turnserver.conf", Because: "the runbook writes the new address into it",
}

// beginRelay brings the relay up, with the checks of a monitoring system on it.
func beginRelay(ctx SpecContext, objective harness.Objective) *suite.Drill {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.RelayAlone(), objective)
	Expect(drill.Expect(
		relayRenumbered,
		drift.Planned{
			Kind: harness.KindMention, Key: "file /etc/hosts",
			Because: "the lab has named every node there, and nobody here asks it",
		},
	)).To(Succeed())
	Expect(drill.Watch(ctx, port, signaling)).To(Succeed())
	return drill
}

// moveRelay is the story up to the moment an operator is called.
func moveRelay(ctx SpecContext, drill *suite.Drill) {
	GinkgoHelper()
	By("proving that calls work, then moving the relay to new prefixes")
	Expect(drill.Baseline(ctx, harness.All(calls))).To(Succeed())
	Expect(drill.Inject(ctx, everyPrefix)).To(Succeed())
	Expect(drill.Detect(ctx, harness.All(calls))).To(Succeed())
}

// downBefore is how long an SLI was red after the fault and before a moment, in all.
func downBefore(record harness.Record, probe harness.Probe, until time.Duration) time.Duration {
	GinkgoHelper()
	intervals := intervalsOf(record, probe)
	var down time.Duration
	for i, interval := range intervals {
		if interval.Up || interval.To < record.Fault.At || interval.From >= until {
			continue
		}
		end := until
		if i+1 < len(intervals) {
			end = min(end, intervals[i+1].SeenAt())
		}
		down += end - max(interval.From, record.Fault.At)
	}
	return down
}

// intervalsOf are what a probe saw that was watched.
func intervalsOf(record harness.Record, probe harness.Probe) []harness.Interval {
	GinkgoHelper()
	at := slices.IndexFunc(record.SLIs, func(sli harness.RecordSLI) bool { return sli.Name == probe.Name() })
	Expect(at).To(BeNumerically(">=", 0), "nobody has watched %q", probe.Name())
	return record.SLIs[at].Intervals
}
