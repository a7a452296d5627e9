package singlenode

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/ansible"
)

// upgradeCost is what the postmortem says that an upgrade of Traefik costs.
const upgradeCost = 15 * time.Second

// wholePlay is longer than a replay of the playbook takes, which is half a minute: what it costs may come at
// its end, and counts from its beginning.
const wholePlay = 90 * time.Second

var _ = Describe("The playbook, played again on a node that serves", Label("k3s", "ansible", postmortem), func() {
	It("changes nothing without its installation tasks, and costs the visitors nothing", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{Unnoticed: true, DetectWithin: wholePlay})
		steady, writes := harness.All(pageServed(), commentsServed()), writes()

		drill.Peace(ctx, steady, writes)
		replay := &observedPlay{Playbook: configuration(fixtures.BlogMachine)}
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: replay})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(MatchError(harness.ErrNotDetected))
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(replay.stats.Unchanged()).To(Succeed())
		drill.Finding(fmt.Sprintf("%d tasks were replayed, none changed anything", replay.stats.Hosts[fixtures.BlogMachine].OK))
	}, SpecTimeout(10*time.Minute))

	It("upgrades Traefik at the price of a few seconds", func(ctx SpecContext) {
		drill := begin(ctx, harness.Objective{RTO: 3 * time.Minute, DetectWithin: wholePlay})
		steady, writes := harness.All(pageServed()), writes()
		Expect(drill.Watch(ctx, nodeReady())).To(Succeed())
		upgrade := configuration(fixtures.BlogMachine)
		upgrade.Variables = map[string]string{"traefik_version": fixtures.Traefik().Version}
		upgrade.Title = fmt.Sprintf("upgrade Traefik from %s to %s", fixtures.TraefikPrevious().Version, fixtures.Traefik().Version)

		drill.Peace(ctx, steady, writes)
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: upgrade})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		By("leaving it to Kubernetes")
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.Reconcile(ctx, writes)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		cost, noticed := drill.Outage(pageServed())
		Expect(noticed).To(BeTrue())
		Expect(cost.Down).To(BeNumerically("<", upgradeCost))
		drill.Finding(fmt.Sprintf("the upgrade of Traefik cost the visitors %.2f s", cost.Down.Seconds()))
	}, SpecTimeout(10*time.Minute))
})

// An observedPlay is a playbook that remembers what it has changed.
type observedPlay struct {
	ansible.Playbook
	stats ansible.Stats
}

func (o *observedPlay) Steps() []harness.Step {
	return []harness.Step{{Name: o.Name(), Do: func(ctx context.Context, operator harness.Operator) (err error) {
		o.stats, err = ansible.Play(ctx, operator, o.Playbook)
		return err
	}}}
}
