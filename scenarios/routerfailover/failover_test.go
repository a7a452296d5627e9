package routerfailover

import (
	"cmp"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

// ospfd is what the kernel calls the routing daemon.
const ospfd = "ospfd"

// once is the dwell where one outage is all there is.
const once = 3 * time.Second

// Claims of drills with the settings as they had them.
const (
	becauseChecks = "two checks of 5 s come before the hand-over, and OSPF waits for its dead interval of 5 s after it"
	becauseWaits  = "VRRP waits for three advertisements that do not come, and OSPF for its dead interval of 5 s after that"
)

// A variant is a set of times, and what a drill with them has to end with.
type variant struct {
	settings fixtures.RouterSettings
	verdict  harness.Verdict
	because  string
	target   time.Duration // 0 means normalLag
}

func asTheyHadIt(because string) variant {
	return variant{settings: fixtures.RoutersAsTheyWere(), verdict: harness.Missed, because: because}
}

var tuned = variant{settings: fixtures.RoutersTuned(), verdict: harness.Met}

// tunedForHanging has another target: keepalived checks once a second at most, so that two checks, the time
// that a check is given, and two more before the router takes back come to 4 to 6 s.
var tunedForHanging = variant{settings: fixtures.RoutersTuned(), verdict: harness.Met, target: 8 * time.Second}

// beginAs begins a drill of a variant.
func beginAs(ctx SpecContext, variant variant, dwell time.Duration) *story {
	GinkgoHelper()
	objective := within(dwell)
	objective.RTO = cmp.Or(variant.target, objective.RTO)
	drill := begin(ctx, variant.settings, objective)
	if variant.verdict == harness.Missed {
		drill.Claim(harness.Missed, variant.because, harness.TooLate)
	}
	return drill
}

var _ = Describe("Two routers", Label("vrrp", "ospf", postmortem), func() {
	DescribeTable("hand over when the file MASTER is removed", func(ctx SpecContext, variant variant) {
		drill := beginAs(ctx, variant, once)
		drill.recovers(ctx, vrrp.MasterFile{Pair: drill.site.Pair, Router: drill.site.First}, drill.settings.HandOver())
	},
		Entry("as they had it", Label("smoke"), asTheyHadIt(becauseChecks), SpecTimeout(5*time.Minute)),
		Entry("tuned", tuned, SpecTimeout(5*time.Minute)),
	)

	DescribeTable("take back when the file MASTER is restored", func(ctx SpecContext, variant variant) {
		drill := beginAs(ctx, variant, once)
		By("having the first router step down in peace")
		stepDown := vrrp.MasterFile{Pair: drill.site.Pair, Router: drill.site.First}
		Expect(drill.Lab.RemoveFile(ctx, stepDown.Router, drill.site.MasterFile)).To(Succeed())
		Expect(drill.site.AwaitMaster(ctx, drill.Lab, drill.site.Second)).To(Succeed())
		stepDown.Restore = true
		drill.recovers(ctx, stepDown, drill.settings.TakeBack(false))
	},
		Entry("as they had it", asTheyHadIt(becauseChecks), SpecTimeout(5*time.Minute)),
		Entry("tuned", tuned, SpecTimeout(5*time.Minute)),
	)

	DescribeTable("lose the master's routing daemon", func(ctx SpecContext, cause harness.Fault, variant variant,
		predict func(vrrp.Settings) vrrp.Prediction,
	) {
		// Twice: a router that has given up needs no routing daemon any more, passes its check and takes back.
		drill := beginAs(ctx, variant, 15*time.Second)
		drill.recovers(ctx, cause, predict(drill.settings))
	},
		Entry("killed, as they had it", fault.ProcessKill{Node: fixtures.RouterFirst, Process: ospfd}, asTheyHadIt(becauseChecks),
			vrrp.Settings.DaemonKilled, SpecTimeout(5*time.Minute)),
		Entry("hung, as they had it", fault.ProcessPause{Node: fixtures.RouterFirst, Process: ospfd}, asTheyHadIt(becauseChecks),
			vrrp.Settings.DaemonHung, SpecTimeout(5*time.Minute)),
		Entry("killed, tuned", fault.ProcessKill{Node: fixtures.RouterFirst, Process: ospfd}, tuned, vrrp.Settings.DaemonKilled,
			SpecTimeout(5*time.Minute)),
		Entry("hung, tuned", fault.ProcessPause{Node: fixtures.RouterFirst, Process: ospfd}, tunedForHanging,
			vrrp.Settings.DaemonHung, SpecTimeout(5*time.Minute)),
	)

	DescribeTable("lose the master", func(ctx SpecContext, lose fault.Loss, variant variant,
		predict func(vrrp.Settings) vrrp.Prediction,
	) {
		drill := beginAs(ctx, variant, 5*time.Second)
		drill.recovers(ctx, lose(drill.site.First), predict(drill.settings))
	},
		Entry("power lost, as they had it", fault.Loss(fault.Unpowered), asTheyHadIt(becauseWaits), vrrp.Settings.Silence,
			SpecTimeout(5*time.Minute)),
		Entry("processes killed, as they had it", fault.Loss(fault.Killed), asTheyHadIt(becauseWaits), vrrp.Settings.Killed,
			SpecTimeout(5*time.Minute)),
		Entry("power lost, tuned", fault.Loss(fault.Unpowered), tuned, vrrp.Settings.Silence, SpecTimeout(5*time.Minute)),
		Entry("processes killed, tuned", fault.Loss(fault.Killed), tuned, vrrp.Settings.Killed, SpecTimeout(5*time.Minute)),
	)

	DescribeTable("are two again", func(ctx SpecContext, variant variant) {
		drill := beginAs(ctx, variant, 5*time.Second)
		By("losing the first router in peace, and pressing its power button")
		lost, err := fault.PowerLoss{Node: drill.site.First}.Inject(ctx, drill.Lab)
		Expect(err).NotTo(HaveOccurred())
		Expect(lost.Confirm(ctx)).NotTo(BeEmpty())
		Expect(drill.site.AwaitMaster(ctx, drill.Lab, drill.site.Second)).To(Succeed())
		drill.recovers(ctx, fault.Maintenance{Runbook: runbook.PowerOn{Node: drill.site.First}}, drill.settings.TakeBack(true))
	},
		Entry("as they had it", asTheyHadIt(becauseWaits), SpecTimeout(5*time.Minute)),
		Entry("tuned", tuned, SpecTimeout(5*time.Minute)),
	)
})
