// Package routerfailover replays what happens between two routers that share addresses by VRRP and run OSPF
// only where they are master. README.md ties each statement of the wiki page to the spec that proves it.
package routerfailover

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/vrrp"
	"github.com/reprise-dr/reprise/scenarios/internal/suite"
)

func TestRouterFailover(t *testing.T) {
	suite.Run(t, "routerfailover", suite.Needs(fixtures.Routers(fixtures.RoutersAsTheyWere())))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-router-failover"

// normalLag is what the wiki page calls normal; more is an alarm.
const normalLag = 5 * time.Second

// pair is the two routers and what they share.
var pair = vrrp.Pair{
	First: fixtures.RouterFirst, Second: fixtures.RouterSecond,
	Shared: fixtures.RouterVIPs(), MasterFile: fixtures.RouterMasterFile,
}

// beats is a multiple of the longest check and of every advertisement: a repeated drill strikes anywhere in it.
const beats = 5 * time.Second

// within is the target of every drill here. It is watched for a minute, whatever the target: what takes
// longer than the target is to be measured too.
func within(dwell time.Duration) harness.Objective {
	return harness.Objective{RTO: normalLag, NoData: true, Dwell: dwell, Patience: time.Minute + dwell}
}

// server is where clients want to go.
func server() netip.Addr {
	node, _ := fixtures.Routers(fixtures.RoutersAsTheyWere()).Node(fixtures.RouterServer)
	return node.IPv4
}

// The ways of each client: to its gateway, to the server by way of it, and back.
func gateway(lan int) harness.Probe {
	return vrrp.Reaches(fixtures.RouterClient(lan), pair.Shared[lan-1])
}
func there(lan int) harness.Probe { return vrrp.Reaches(fixtures.RouterClient(lan), server()) }
func back(lan int) harness.Probe {
	client, _ := fixtures.Routers(fixtures.RoutersAsTheyWere()).Node(fixtures.RouterClient(lan))
	return vrrp.Reaches(fixtures.RouterServer, client.IPv4)
}

// everyWay is what holds in peace: each client reaches the server through its gateway, and the server it.
func everyWay() harness.SteadyState {
	var steady harness.SteadyState
	for lan := 1; lan <= fixtures.RouterLANs; lan++ {
		steady = append(steady, there(lan), back(lan))
	}
	return steady
}

// A story is a drill with routers in which begin has set everything up.
type story struct {
	*suite.Drill
	settings vrrp.Settings
}

// begin brings the routers up, and watches who has what.
func begin(ctx SpecContext, settings fixtures.RouterSettings, objective harness.Objective) *story {
	GinkgoHelper()
	drill := suite.Begin(ctx, fixtures.Routers(settings), objective, suite.PhaseSpan(beats))
	configured, err := pair.ReadSettings(ctx, drill.Lab)
	Expect(err).NotTo(HaveOccurred())
	By("waiting for " + pair.First + " to be master, and for upstream to know the ways")
	Expect(awaitMaster(ctx, drill, pair.First)).To(Succeed())
	watched := pair.Holders()
	for lan := 1; lan <= fixtures.RouterLANs; lan++ {
		watched = append(watched, gateway(lan), vrrp.Routed(fixtures.RouterUpstream, fixtures.RouterLAN(lan), netip.Addr{}))
	}
	for _, router := range pair.Both() {
		watched = append(watched, vrrp.Routed(fixtures.RouterUpstream, fixtures.RouterLAN(1), fixtures.RouterOuterAddress(router)))
	}
	watched = append(watched, vrrp.Reaches(fixtures.RouterUpstream, pair.Shared[fixtures.RouterLANs]))
	Expect(drill.Watch(ctx, watched...)).To(Succeed())
	return &story{drill, configured}
}

// waitForRouters allows for OSPF as FRR ships it: it waits for 40 s before it speaks to anybody.
var waitForRouters = harness.Wait{For: "the routers to agree", Interval: 100 * time.Millisecond, Limit: 3 * time.Minute}

// awaitMaster waits until a router alone has everything shared, and upstream sends what is for the LANs to it.
func awaitMaster(ctx context.Context, drill *suite.Drill, router string) error {
	return waitForRouters.Until(ctx, func(ctx context.Context) error {
		if err := pair.Without(ctx, drill.Lab, pair.Other(router)); err != nil {
			return err
		}
		for lan := 1; lan <= fixtures.RouterLANs; lan++ {
			for _, probe := range []harness.Probe{
				vrrp.Holds(router, pair.Shared[lan-1]),
				vrrp.Routed(fixtures.RouterUpstream, fixtures.RouterLAN(lan), fixtures.RouterOuterAddress(router)),
				there(lan),
			} {
				if err := probe.Check(ctx, drill.Lab); err != nil {
					return fmt.Errorf("%s: %w", probe.Name(), err)
				}
			}
		}
		return nil
	})
}

// recovers is the rest of a story in which nobody repairs: the fault, its failure, and the way back.
func (s *story) recovers(ctx context.Context, cause harness.Fault, predicted vrrp.Prediction) {
	GinkgoHelper()
	steady := everyWay()
	Expect(s.Baseline(ctx, steady)).To(Succeed())
	Expect(s.Inject(ctx, cause)).To(Succeed())
	Expect(s.Detect(ctx, steady)).To(Succeed())
	By("leaving it to the routers")
	Expect(s.AwaitRecovery(ctx, steady)).To(Succeed())
	s.tell(ctx, predicted)
	Expect(s.Judge()).To(Succeed())
	Expect(s.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
}

// tell keeps the figures besides those of every drill: whose part of the outage was VRRP's and whose OSPF's,
// what was predicted, how long there were no and two masters, and what held the daemons up.
func (s *story) tell(ctx context.Context, predicted vrrp.Prediction) {
	GinkgoHelper()
	s.doubtStalls(ctx)
	losses := s.losses()
	worst := vrrp.Worst(losses)
	s.Observe("outage of each client, predicted and measured", "", vrrp.LossTable(predicted, losses))
	s.Finding(worst.String())
	s.Finding(predicted.Compare(worst))
	if worst.Down > 0 {
		s.Finding(fmt.Sprintf("the wiki page calls %v of lag normal and more an alarm: %.2f s is %s", normalLag, worst.Down.Seconds(), judged(worst.Down)))
	}
	s.tellMasters()
}

func judged(lag time.Duration) string {
	if lag > normalLag {
		return "an alarm"
	}
	return "normal"
}

// losses are what each client was without so far.
func (s *story) losses() []vrrp.Loss {
	GinkgoHelper()
	record := s.Record()
	var losses []vrrp.Loss
	for lan := 1; lan <= fixtures.RouterLANs; lan++ {
		loss, err := vrrp.Lost(record, fixtures.RouterClient(lan), there(lan), gateway(lan))
		Expect(err).NotTo(HaveOccurred())
		losses = append(losses, loss)
	}
	return losses
}

// tellMasters counts the masters of each shared address.
func (s *story) tellMasters() {
	GinkgoHelper()
	counts := pair.CountMasters(s.Record())
	Expect(counts).To(HaveLen(len(pair.Shared)), "somebody did not look who has what")
	s.Observe("masters of each shared address after t0", "", vrrp.MasterTable(counts))
	var none, two time.Duration
	for _, count := range counts {
		none, two = max(none, count.None), max(two, count.Two)
	}
	s.Finding(fmt.Sprintf("no shared address was without a master for longer than %.2f s, or had two for longer than %.2f s", none.Seconds(), two.Seconds()))
}

// doubtStalls makes a drill inconclusive in which a router's daemon could not act in time: a starved machine makes a
// failover that no fault has made.
func (s *story) doubtStalls(ctx context.Context) {
	GinkgoHelper()
	since := s.Record().Started
	stalls, err := pair.Stalls(ctx, s.Lab, s.settings, since)
	Expect(err).NotTo(HaveOccurred())
	stalls = append(stalls, pair.Interrupted(s.Lab.Interruptions(), s.settings, since)...)
	var texts []string
	for _, stall := range stalls {
		texts = append(texts, stall.String())
	}
	if len(texts) > 0 {
		s.Doubt("a router was starved, and silence is what VRRP and OSPF take for death: " + strings.Join(texts, "; "))
	}
	s.Finding(fmt.Sprintf("stalls of the routers' daemons longer than the %v that their settings tolerate: %d", s.settings.Tolerates(), len(texts)))
}
