package suite

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// A site is a service in memory, and the time that its drill is in; nil for the machine's own.
type site struct {
	labtest.Service
	time *fakeTime
}

// oneStep is a runbook of one step.
func oneStep(name, step string, do func(context.Context) error) harness.Runbook {
	return runbook.Of(name, harness.Step{
		Name: step, Do: func(ctx context.Context, _ harness.Operator) error { return do(ctx) },
	})
}

// beginHere begins a drill of a site, in the arm of the run but with limits for a test.
func beginHere(place *site) *Drill {
	return beginFor(place, func(contract.Arm) harness.Objective {
		return harness.Objective{
			RTO: 2 * time.Second, NoData: true, DetectWithin: 500 * time.Millisecond, GiveUpAfter: 2500 * time.Millisecond,
			// The dwell is long beside a probe's period: a busy machine may keep a probe waiting, and a drill
			// that did not look for as long as the dwell would rightly be in doubt.
			Dwell: 400 * time.Millisecond,
		}
	})
}

// unnoticed is the target of what nobody may notice, as an arm has it.
func unnoticed(arm contract.Arm) harness.Objective {
	return conduct.ObjectiveIn(arm, harness.Objective{
		Unnoticed: true, NoData: true, DetectWithin: time.Second, Dwell: 400 * time.Millisecond,
	})
}

func beginFor(place *site, target func(contract.Arm) harness.Objective) *Drill {
	config := run()
	id := reports.RecordID(ginkgo.CurrentSpecReport().LeafNodeText)
	plan := conduct.PlanIn(config.Control, harness.Plan{ID: id, Scenario: "site"})
	plan.Objective = target(config.Control)
	drill, err := conduct.New(test{}, place, config, plan, target(contract.WholeDrill).Unnoticed)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(place.time.do, func() {
		if ginkgo.CurrentSpecReport().Failed() { // there is no lab to keep evidence from
			gomega.Expect(drill.Close(context.Background())).To(gomega.Succeed())
			gomega.Expect(os.Remove(filepath.Join(config.RunDir, plan.ID+".json"))).To(gomega.Succeed())
			return
		}
		drill.End()
	})
	return drill
}

// upToDetect is the drill up to the detection.
func upToDetect(ctx context.Context, drill *Drill, place *site, cause harness.Fault) {
	gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
	gomega.Expect(drill.Inject(ctx, cause)).To(gomega.Succeed())
	gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
}

// repairAndJudge is the drill from the repair to its verdict.
func repairAndJudge(ctx context.Context, drill *Drill, place *site, steady harness.SteadyState) {
	gomega.Expect(drill.Repair(ctx, place.Repair("repair"))).To(gomega.Succeed())
	gomega.Expect(drill.AwaitRecovery(ctx, steady)).To(gomega.Succeed())
	gomega.Expect(drill.Judge()).To(gomega.Succeed())
}

// The specs that TestArms runs in a process of its own: TestSpecsInArm is their suite.
var _ = ginkgo.Describe("A site", func() {
	ginkgo.It("fails and is repaired", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		gomega.Expect(drill.DuringRecovery(place.Outage(0), harness.BeforeStep("repair"))).To(gomega.Succeed())
		upToDetect(ctx, drill, place, place.Outage(0))
		repairAndJudge(ctx, drill, place, harness.All(place))
	}))
	ginkgo.It("expects its repair to break", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		drill.Claim(harness.Missed, "the repair breaks", harness.NotRecovered)
		upToDetect(ctx, drill, place, place.Outage(0))
		gomega.Expect(drill.Repair(ctx, brokenRunbook())).To(gomega.MatchError(gomega.ContainSubstring("no space left")))
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.MatchError(harness.ErrNotRecovered))
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	fails := func(ctx context.Context, place *site) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, place.Outage(0))).To(gomega.Succeed())
		place.Fail()
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
		repairAndJudge(ctx, drill, place, harness.All(place))
	}
	ginkgo.It("fails by itself", inFakeTime(fails))
	ginkgo.It("fails while its machine starves", inFakeTime(func(ctx context.Context, place *site) {
		place.Starved = []harness.Interruption{{From: time.Now(), Length: time.Minute, Reason: "the machine stood still"}}
		fails(ctx, place)
	}))
	ginkgo.It("has a repair and needs none", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		upToDetect(ctx, drill, place, place.Outage(200*time.Millisecond))
		repairAndJudge(ctx, drill, place, harness.All(place))
	}))
	ginkgo.It("recovers by itself", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		upToDetect(ctx, drill, place, place.Outage(200*time.Millisecond))
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("is seen twice by a probe that is not the steady state's", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, place.Outage(0))).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(&labtest.Service{Label: "the shop answers"}))).To(gomega.Succeed())
	}))
	ginkgo.It("is doubted", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		drill.Doubt("somebody else was at it")
		upToDetect(ctx, drill, place, place.Outage(0))
		repairAndJudge(ctx, drill, place, harness.All(place))
	}))
	ginkgo.It("waits for its repair", func(ctx ginkgo.SpecContext) {
		if os.Getenv(untilKilled) == "" {
			ginkgo.Skip("TestKilledDrillLeavesItsRecord kills it")
		}
		place := &site{}
		drill := beginHere(place)
		upToDetect(ctx, drill, place, place.Outage(0))
		gomega.Expect(drill.Repair(ctx, waiting())).To(gomega.Succeed())
	})
	ginkgo.It("is worked on, and nobody notices", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginFor(place, unnoticed)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		look := oneStep("look", "look", func(context.Context) error { return nil })
		gomega.Expect(drill.Inject(ctx, fault.Maintenance{Runbook: look})).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.MatchError(harness.ErrNotDetected))
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("recovers by itself, and the shop fails", inFakeTime(func(ctx context.Context, place *site) {
		shop := &labtest.Service{Label: "the shop answers"}
		drill := beginHere(place)
		steady := harness.All(place, shop)
		gomega.Expect(drill.Baseline(ctx, steady)).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, place.Outage(time.Second))).To(gomega.Succeed())
		// Before the service has been up for the dwell, and long after the fault: nobody would call that the fault's work.
		time.AfterFunc(1300*time.Millisecond, shop.Fail)
		gomega.Expect(drill.Detect(ctx, steady)).To(gomega.Succeed())
		repairAndJudge(ctx, drill, place, steady)
	}))
	ginkgo.It("fails, and the shop is not spared", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		shop := probe.Func{Label: "the shop answers", Every: place.Period(), Ask: place.Check}
		gomega.Expect(drill.Unaffected(ctx, shop)).To(gomega.Succeed())
		upToDetect(ctx, drill, place, place.Outage(0))
		repairAndJudge(ctx, drill, place, harness.All(place))
	}))
	ginkgo.It("has a milestone", inFakeTime(func(ctx context.Context, place *site) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Milestones(ctx, harness.Milestone{
			Name: "the site answers", Within: time.Minute, Claims: harness.All(place),
		})).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, place.Outage(0))).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
		repairAndJudge(ctx, drill, place, harness.All(place))
	}))
	ginkgo.It("is only looked at", ginkgo.Label("onlookers"), func(ctx ginkgo.SpecContext) {
		if run().Control != contract.WholeDrill { // otherwise it would bring a lab up
			Start(ctx, harness.Topology{})
			ginkgo.Fail("a spec that is no drill goes on in a control arm")
		}
	})
})

// A spec outside of all containers, as a short suite has it.
var _ = ginkgo.It("stands alone", inFakeTime(func(ctx context.Context, place *site) {
	drill := beginHere(place)
	upToDetect(ctx, drill, place, place.Outage(0))
	repairAndJudge(ctx, drill, place, harness.All(place))
}))

// waiting is a runbook that does not end.
func waiting() harness.Runbook {
	return oneStep("wait", "for ever", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
}

func brokenRunbook() harness.Runbook {
	return oneStep("broken repair", "repair", func(context.Context) error { return errors.New("no space left") })
}

// inTheArm tells the process that TestArms starts from the one that runs the tests.
const inTheArm = "REPRISE_TEST_SPECS_IN_ARM"

// TestSpecsInArm is the suite of the specs above. Goal and method are those of TestArms.
func TestSpecsInArm(t *testing.T) {
	if os.Getenv(inTheArm) == "" {
		t.Skip("TestArms runs it in a process of its own")
	}
	theSuite = t
	gomega.RegisterFailHandler(ginkgo.Fail)
	arguments := []any{}
	if os.Getenv(contract.ControlVariable) != "" {
		arguments = append(arguments, passesEarly())
	}
	ginkgo.RunSpecs(t, "site", arguments...)
}

// Goal: an arm ends its spec where it must go red, whatever else the spec wants; a drill that detects a
// failure without its fault, or recovers without its runbook, fails; an ordinary run notices nothing of
// all that. Method: small drills go through the real runner in each arm, in a process of their own; how
// they ended is read from its report, and what they left from their records.
func TestArms(t *testing.T) {
	const (
		repaired, breaks, fails, needless = "fails and is repaired", "expects its repair to break", "fails by itself",
			"has a repair and needs none"
		recovers, other, doubted, looked = "recovers by itself", "is seen twice by a probe that is not the steady state's",
			"is doubted", "is only looked at"
		starved, unseen                = "fails while its machine starves", "is worked on, and nobody notices"
		shopFails, unspared, milestone = "recovers by itself, and the shop fails", "fails, and the shop is not spared",
			"has a milestone"
	)
	skipped, failed, passed := types.SpecStateSkipped, types.SpecStateFailed, types.SpecStatePassed
	type want struct {
		state types.SpecState
		said  string // by the arm; "" when it says nothing
	}
	for arm, wants := range map[contract.Arm]map[string]want{
		contract.WholeDrill: {
			repaired: {passed, ""}, breaks: {passed, ""}, fails: {passed, ""}, needless: {passed, ""}, recovers: {passed, ""},
			other: {failed, ""}, doubted: {failed, ""}, looked: {passed, ""},
			starved: {failed, ""}, unseen: {passed, ""}, shopFails: {passed, ""}, unspared: {failed, ""}, milestone: {passed, ""},
		},
		contract.WithoutFault: {
			repaired: {passed, "red: nothing broke within 500ms"}, breaks: {passed, "red: nothing broke within 500ms"},
			needless:  {passed, "red: nothing broke within 500ms"},
			shopFails: {passed, "red: nothing broke within 500ms"}, unspared: {passed, "red: nothing broke within 500ms"},
			milestone: {passed, "red: nothing broke within 500ms"},
			recovers:  {passed, "red: nothing broke within 500ms"}, other: {failed, ""},
			doubted: {failed, "red for another reason: nothing broke within 500ms, but its record does not say that for this reason " +
				"alone"},
			looked: {skipped, "not applicable: not a drill"},
			fails:  {failed, "not red: this scenario cannot be made red: without its fault, the steady state failed anyway"},
			starved: {failed, "inconclusive: without its fault, the steady state failed, but the machine was too busy to tell why " +
				"(the machine stood still for 1m0s)"},
			unseen: {passed, "red: nothing broke within 1s"},
		},
		contract.WithoutRunbook: {
			repaired: {passed, "red: the service was not back 2.5s after the fault"},
			breaks:   {passed, "red: the service was not back 2.5s after the fault"},
			fails:    {passed, "red: the service was not back 2.5s after the fault"},
			needless: {failed, "not red: this scenario cannot be made red: without its runbook, the service came back by itself after "},
			recovers: {skipped, "not applicable: recovers by itself: no runbook to leave out"}, other: {failed, ""},
			looked: {skipped, "not applicable: not a drill"},
			shopFails: {failed, "red for another reason: the service was not back 2.5s after the fault because the shop answers " +
				"failed later, and what the fault broke was back by then: the site answers"},
			unspared: {failed, "red for another reason: the service was not back 2.5s after the fault, but its record does not say " +
				"that for this reason alone"},
			doubted: {failed, "red for another reason: the service was not back 2.5s after the fault, but its record does not say " +
				"that for this reason alone"},
			milestone: {passed, "red: the service was not back 2.5s after the fault"},
			starved:   {failed, "inconclusive: the service was not back 2.5s after the fault, but the machine was too busy to be sure"},
			unseen:    {skipped, "not applicable: nobody notices, as claimed: no runbook to leave out"},
		},
	} {
		t.Run("arm "+string(arm), func(t *testing.T) {
			t.Parallel()
			found, records := specsInArm(t, arm)
			for name, want := range wants {
				spec := found[name]
				if said := saidBy(spec); spec.State != want.state || !strings.HasPrefix(said, want.said) ||
					(said == "") != (want.said == "") || len(spec.AdditionalFailures) > 0 {
					t.Errorf("%s: %v and %q, want %v and %q; %s %v", name, spec.State, said, want.state, want.said, spec.Failure.Message,
						spec.AdditionalFailures)
				}
				record, kept := records[reports.RecordID(name)+contract.RecordSuffix("", arm)]
				if wantsRecord := want.state == passed && name != looked || strings.HasPrefix(want.said, "red:"); kept != wantsRecord {
					t.Errorf("%s: a record is kept: %v, want %v", name, kept, wantsRecord)
				}
				if kept && !record.Judgement.AsClaimed {
					t.Errorf("%s: the verdict is %s: %q", name, record.Judgement.Verdict, record.Judgement.Reasons)
				}
			}
		})
	}
}

// saidBy is what the arm says of its ending.
func saidBy(spec types.SpecReport) string {
	for _, entry := range spec.ReportEntries {
		var said contract.Ending
		if entry.Name == contract.ControlEntry && json.Unmarshal([]byte(entry.Value.AsJSON), &said) == nil {
			return said.String()
		}
	}
	return ""
}

// specsInArm runs the specs above in an arm, and returns what became of them by their texts, and their
// records by their identifiers.
func specsInArm(t *testing.T, arm contract.Arm) (map[string]types.SpecReport, map[string]harness.Record) {
	t.Helper()
	folder := t.TempDir()
	report := filepath.Join(t.TempDir(), "report.json")
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSpecsInArm$", "-ginkgo.json-report="+report)
	process.Env = slices.Concat(os.Environ(), contract.Config{RunDir: folder, Control: arm}.Environment(), []string{inTheArm + "=1"})
	output, err := process.CombinedOutput()
	suites, readErr := outcome.Read(report)
	if readErr != nil {
		t.Fatalf("%v, %v:\n%s", err, readErr, output)
	}
	found := map[string]types.SpecReport{}
	for _, spec := range suites[0].SpecReports {
		found[spec.LeafNodeText] = spec
	}
	read, err := reports.ReadRecords(folder)
	testkit.Must(t, err)
	records := map[string]harness.Record{}
	for _, record := range read {
		records[record.ID] = record
	}
	return found, records
}
