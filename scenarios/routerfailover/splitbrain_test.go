package routerfailover

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

// oneMaster is what a split brain breaks, whatever clients notice of it: the second router leaves everything
// alone that is the first one's.
func (s *story) oneMaster() harness.SteadyState {
	steady := s.site.Works()
	for _, address := range s.site.Shared {
		steady = append(steady, probe.Leaves(s.site.Second, address))
	}
	return steady
}

// A cut is what does not reach whom, and what is done about it.
type cut struct {
	oneWay bool
	remedy func(vrrp.Site) []harness.Runbook
}

// stepDown is the remedy that needs no connection between the two.
func stepDown(site vrrp.Site) []harness.Runbook {
	return []harness.Runbook{site.Pair.StepDown(site.Second)}
}

func stepDownAndAnnounce(site vrrp.Site) []harness.Runbook {
	return append(stepDown(site), site.Pair.Announce(site.First))
}

// operated is the target for a remedy that an operator has to think of: a watch of two masters, two checks, and
// clients that have to learn by themselves where their gateway is.
var operated = harness.Objective{RTO: 2 * time.Minute, NoData: true, Dwell: 5 * time.Second}

var _ = Describe("Routers that do not hear each other", Label("vrrp", "ospf", postmortem), func() {
	DescribeTable("are both master until somebody makes one step down", func(ctx SpecContext, cut cut) {
		drill := begin(ctx, fixtures.RoutersAsTheyWere(), operated)
		finds := drill.watchNeighbours(ctx)
		steady := drill.oneMaster()

		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("dropping VRRP between the two, and nothing else")
		Expect(drill.Inject(ctx, vrrp.DropAdvertisements{Pair: drill.site.Pair, OneWay: cut.oneWay})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("letting two masters be for a while, to see what clients see")
		Expect(twoMastersFor.Until(ctx, drill.sinceFault(20*time.Second))).To(Succeed())
		By("doing what needs no connection between the two")
		Expect(drill.Repair(ctx, cut.remedy(drill.site)...)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		drill.doubtStalls(ctx)
		drill.tellSplitBrain(finds)
		Expect(drill.Judge()).To(Succeed())
	},
		Entry("in either direction", cut{remedy: stepDown}, SpecTimeout(6*time.Minute)),
		Entry("in either direction, and the other announces itself", cut{remedy: stepDownAndAnnounce}, SpecTimeout(6*time.Minute)),
		Entry("in one direction: the backup hears nothing", cut{oneWay: true, remedy: stepDown}, SpecTimeout(6*time.Minute)),
	)

	It("because one is starved prove nothing, and the drill says so", func(ctx SpecContext) {
		drill := begin(ctx, fixtures.RoutersAsTheyWere(), operated)
		drill.Claim(harness.Inconclusive, "a daemon that was held up is no network that was cut: the record tells the two apart",
			harness.Doubted)
		steady := drill.oneMaster()
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		By("keeping keepalived on the master from running, as a machine does that has no processor for it")
		Expect(drill.Inject(ctx, fault.ProcessPause{Node: drill.site.First, Process: "keepalived"})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.Repair(ctx, vrrp.WakeUp(drill.site.First, "keepalived"))).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		drill.doubtStalls(ctx)
		drill.tellMasters()
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Doubts).To(ContainElement(ContainSubstring("was held up for")))
	}, SpecTimeout(5*time.Minute))
})

// twoMastersFor is long enough for both routing daemons to have told upstream, and for clients to ask ARP again.
var twoMastersFor = harness.Wait{
	For: "two masters to have lasted for a while", Interval: 100 * time.Millisecond,
	Limit: time.Minute,
}

// sinceFault is nil once so much time has passed since the fault.
func (s *story) sinceFault(wanted time.Duration) func(context.Context) error {
	return func(context.Context) error {
		record := s.Record()
		if passed := time.Since(record.Started.Add(record.Fault.At)); passed < wanted {
			return fmt.Errorf("only %v have passed", passed)
		}
		return nil
	}
}

// watchNeighbours watches at which router each client takes its gateway to be.
func (s *story) watchNeighbours(ctx context.Context) []harness.Probe {
	GinkgoHelper()
	var finds []harness.Probe
	for i, client := range s.site.Clients {
		hardware, err := probe.HardwareAddress(ctx, s.Lab, s.site.Second, fmt.Sprintf("lan%d", i+1))
		Expect(err).NotTo(HaveOccurred())
		finds = append(finds, probe.FindsAt(client.Name, client.Gateway, s.site.Second, hardware))
	}
	Expect(s.Watch(ctx, finds...)).To(Succeed())
	return finds
}

// tellSplitBrain keeps what two masters meant to clients: how often their gateway moved, and what they lost.
func (s *story) tellSplitBrain(finds []harness.Probe) {
	GinkgoHelper()
	s.tellMasters()
	losses := s.losses()
	var lines []string
	for i, found := range finds {
		sli := s.SLI(found)
		lines = append(lines, fmt.Sprintf("%s: changed %d times; %s", found.Name(), max(0, len(sli.Intervals)-1), losses[i]))
	}
	s.Observe("what clients saw of two masters", "", strings.Join(lines, "\n")+"\n")
	s.Finding("of two masters, " + vrrp.Worst(losses).String())
}
