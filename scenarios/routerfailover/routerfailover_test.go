// Package routerfailover replays what happens between two routers that share addresses by VRRP and run OSPF
// only where they are master. README.md ties each statement of the wiki page to the spec that proves it.
package routerfailover

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

func TestRouterFailover(t *testing.T) {
	suite.Run(t, "routerfailover", suite.Prepare(fixtures.Routers(fixtures.RoutersAsTheyWere())))
}

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-router-failover"

// normalLag is what the wiki page calls normal; more is an alarm.
const normalLag = 5 * time.Second

// beats is a multiple of the longest check and of every advertisement: a repeated drill strikes anywhere in it.
const beats = 5 * time.Second

// within is the target of every drill here. It is watched for a minute, whatever the target: what takes
// longer than the target is to be measured too.
func within(dwell time.Duration) harness.Objective {
	return harness.Objective{RTO: normalLag, NoData: true, Dwell: dwell, GiveUpAfter: time.Minute + dwell}
}

// A story is a drill at a site with routers, in which begin has set everything up.
type story struct {
	*suite.Drill
	site     vrrp.Site
	settings vrrp.Settings
}

// begin brings the routers up, and watches who has what.
func begin(ctx SpecContext, settings fixtures.RouterSettings, objective harness.Objective) *story {
	GinkgoHelper()
	site, err := vrrp.SiteOf(fixtures.Routers(settings))
	Expect(err).NotTo(HaveOccurred())
	drill := suite.Begin(ctx, fixtures.Routers(settings), objective, suite.PhaseSpan(beats))
	configured, err := site.ReadSettings(ctx, drill.Lab)
	Expect(err).NotTo(HaveOccurred())
	By("waiting for " + site.First + " to be master, and for upstream to know the ways")
	Expect(site.AwaitMaster(ctx, drill.Lab, site.First)).To(Succeed())
	Expect(drill.Watch(ctx, site.Watched()...)).To(Succeed())
	return &story{drill, site, configured}
}

// recovers is the rest of a story in which nobody repairs: the fault, its failure, and the way back.
func (s *story) recovers(ctx context.Context, cause harness.Fault, predicted vrrp.Prediction) {
	GinkgoHelper()
	steady := s.site.Works()
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
		s.Finding(fmt.Sprintf("the wiki page calls %v of lag normal and more an alarm: %.2f s is %s", normalLag, worst.Down.Seconds(),
			judged(worst.Down)))
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
	losses, err := s.site.Losses(s.Record())
	Expect(err).NotTo(HaveOccurred())
	return losses
}

// tellMasters counts the masters of each shared address.
func (s *story) tellMasters() {
	GinkgoHelper()
	counts := s.site.CountMasters(s.Record())
	Expect(counts).To(HaveLen(len(s.site.Shared)), "somebody did not look who has what")
	s.Observe("masters of each shared address after t0", "", vrrp.MasterTable(counts))
	var none, two time.Duration
	for _, count := range counts {
		none, two = max(none, count.None), max(two, count.Two)
	}
	s.Finding(fmt.Sprintf("no shared address was without a master for longer than %.2f s, or had two for longer than %.2f s",
		none.Seconds(), two.Seconds()))
}

// doubtStalls makes a drill inconclusive in which a router's daemon could not act in time: a starved machine makes a
// failover that no fault has made.
func (s *story) doubtStalls(ctx context.Context) {
	GinkgoHelper()
	stalls, err := s.site.Starved(ctx, s.Lab, s.settings, s.Record())
	Expect(err).NotTo(HaveOccurred())
	var texts []string
	for _, stall := range stalls {
		texts = append(texts, stall.String())
	}
	if len(texts) > 0 {
		s.Doubt("a router was starved, and silence is what VRRP and OSPF take for death: " + strings.Join(texts, "; "))
	}
	s.Finding(fmt.Sprintf("stalls of the routers' daemons longer than the %v that their settings tolerate: %d",
		s.settings.Tolerates(), len(texts)))
}
