package virtualisation

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/ganeti"
)

// installing is what the provider's installation of a hypervisor takes, and its network's and packages' configuration.
const installing = 30 * time.Minute

// reinstalled is the target of a hypervisor that is installed from nothing.
var reinstalled = harness.Objective{RTO: time.Hour, NoData: true, Dwell: dwell, GiveUpAfter: time.Hour + time.Minute}

var _ = Describe("A lost hypervisor", Label("ganeti", postmortem), func() {
	DescribeTable("is installed from nothing and added again, and its instances are started",
		func(ctx SpecContext, lose fault.Loss) {
			drill := begin(ctx, 2, reinstalled)
			steady := append(drill.served(node2), ganeti.NodeDaemon(node2))
			Expect(drill.Unaffected(ctx, drill.untouched(node1)...)).To(Succeed())
			Expect(drill.Watch(ctx, ganeti.Manageable(drill.cluster))).To(Succeed())
			Expect(drill.Expect(drift.Planned{Node: node2, Key: "**", Because: "it was installed from nothing"})).To(Succeed())
			Expect(drill.Baseline(ctx, steady)).To(Succeed())
			By("losing a hypervisor that is not the master, and the instance on it")
			Expect(drill.Inject(ctx, lose(node2))).To(Succeed())
			Expect(drill.Detect(ctx, steady)).To(Succeed())
			By("having it installed, and adding it again: as a new node it is refused")
			Expect(drill.Repair(ctx,
				runbook.PowerOff{Node: node2},
				drill.cluster.On(node1).Offline(node2),
				ganeti.Reinstall(node2, installing),
				runbook.ExpectError{
					Runbook: drill.cluster.On(node1).Join(node2),
					With:    "please retry with '--readd'",
				},
				drill.cluster.On(node1).Readd(node2),
				drill.cluster.On(node1).StartInstances(drill.wiki(node2)),
			)).To(Succeed())
			Expect(drill.AwaitRecovery(ctx, steady)).To(Succeed())
			Expect(drill.Judge()).To(Succeed())
			Expect(drill.Record().Judgement.RecoveredBy).To(Equal(harness.ByRunbook))
		},
		Entry("power lost", fault.Loss(fault.Unpowered), SpecTimeout(12*time.Minute)),
		Entry("processes killed", Label("nightly"), fault.Loss(fault.Killed), SpecTimeout(12*time.Minute)),
	)
})
