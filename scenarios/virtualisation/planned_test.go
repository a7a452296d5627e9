package virtualisation

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// planned is the target of work that is done on purpose, while clients look on.
var planned = harness.Objective{RTO: 2 * time.Minute, NoData: true, Dwell: dwell, GiveUpAfter: 3 * time.Minute}

// unnoticed is longer than a migration takes: what it costs may come at its end, and counts from its beginning.
const unnoticed = 20 * time.Second

var _ = Describe("An instance", Label("ganeti", postmortem), func() {
	DescribeTable("is migrated to another hypervisor, and nobody who asks again notices",
		func(ctx SpecContext, work func(*story) harness.Runbook) {
			drill := begin(ctx, 2, harness.Objective{Unnoticed: true, NoData: true, Dwell: dwell, DetectWithin: unnoticed})
			steady := harness.SteadyState(drill.untouched(node1, node2))
			impatient, moved := ganeti.ServesAtOnce(drill.wiki(node2)), ganeti.RunsOn(drill.wiki(node2), node1)
			Expect(drill.Watch(ctx, ganeti.Manageable(drill.cluster), impatient, moved)).To(Succeed())
			Expect(drill.AwaitDown(ctx, moved)).To(Succeed())
			Expect(drill.Baseline(ctx, steady)).To(Succeed())
			Expect(drill.Inject(ctx, fault.Maintenance{Runbook: work(drill)})).To(Succeed())
			Expect(drill.Detect(ctx, steady)).To(MatchError(harness.ErrNotDetected))
			Expect(drill.AwaitUp(ctx, moved)).To(Succeed())
			Expect(drill.Judge()).To(Succeed())
			drill.tellGap(impatient)
		},
		// A drain does the same and more.
		Entry("by itself", Label("nightly"), func(s *story) harness.Runbook {
			return s.cluster.On(node1).Migrate(s.wiki(node2), node1)
		}, SpecTimeout(8*time.Minute)),
		Entry("because its own is drained", func(s *story) harness.Runbook {
			return s.cluster.On(node1).Drain(node2, node1, s.wiki(node2))
		}, SpecTimeout(8*time.Minute)),
	)

	It("is failed over to another hypervisor on purpose", func(ctx SpecContext) {
		drill := begin(ctx, 2, planned)
		steady, moved := harness.All(ganeti.ServesAtOnce(drill.wiki(node2))), ganeti.RunsOn(drill.wiki(node2), node1)
		Expect(drill.Unaffected(ctx, drill.untouched(node1)...)).To(Succeed())
		Expect(drill.Watch(ctx, ganeti.Manageable(drill.cluster), moved)).To(Succeed())
		Expect(drill.Baseline(ctx, steady)).To(Succeed())
		Expect(drill.Inject(ctx, fault.Maintenance{Runbook: drill.cluster.On(node1).Failover(drill.wiki(node2), node1)})).To(Succeed())
		Expect(drill.Detect(ctx, steady)).To(Succeed())
		Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
		Expect(drill.AwaitUp(ctx, moved)).To(Succeed())
		Expect(drill.Judge()).To(Succeed())
		Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.BySelf))
		drill.tellOutage(steady[0])
	}, SpecTimeout(8*time.Minute))
})
