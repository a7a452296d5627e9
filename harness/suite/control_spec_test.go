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
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// A fakeLab is a lab without containers, with one service that fails and comes back.
type fakeLab struct {
	harness.Lab // what a spec here does not need panics
	failing     atomic.Bool
	starved     []harness.Interruption // since before the fault
	time        *fakeTime              // in which the drill is; nil for the machine's own
}

func (*fakeLab) Topology() harness.Topology                  { return harness.Topology{Name: "fake"} }
func (v *fakeLab) Interruptions() []harness.Interruption     { return v.starved }
func (*fakeLab) Losses(context.Context) []harness.Loss       { return nil }
func (*fakeLab) Shortages(context.Context) []string          { return nil }
func (*fakeLab) Addresses(string) (harness.Addresses, error) { return harness.Addresses{}, nil }
func (*fakeLab) Name() string                                { return "dry" }
func (*fakeLab) Period() time.Duration                       { return 10 * time.Millisecond }
func (v *fakeLab) Check(context.Context, harness.Observer) error {
	if v.failing.Load() {
		return errors.New("failing")
	}
	return nil
}

// A fakeFault has the lab's service fail. It ends by itself after a time, if that is not 0.
type fakeFault struct {
	fakeLab   *fakeLab
	endsAfter time.Duration
}

func (fakeFault) Describe() string { return "a failure" }

func (f fakeFault) Inject(context.Context, harness.Lab) (harness.Injection, error) {
	at := time.Now()
	f.fakeLab.failing.Store(true)
	if f.endsAfter > 0 {
		time.AfterFunc(f.endsAfter, func() { f.fakeLab.failing.Store(false) })
	}
	return f.fakeLab.struckAt(at), nil
}

// struckAt is the fault in force.
func (v *fakeLab) struckAt(at time.Time) harness.Injection {
	return &fault.Injection{
		Struck: harness.Impact{Before: at},
		Prove:  func(context.Context) (string, error) { return "it is wet", nil },
		Lift:   func(context.Context) error { v.failing.Store(false); return nil },
	}
}

// fakeRunbook brings the service back.
func fakeRunbook(place *fakeLab) harness.Runbook {
	return oneStep("repair", "pump", func(context.Context) error { place.failing.Store(false); return nil })
}

// oneStep is a runbook of one step.
func oneStep(name, step string, do func(context.Context) error) harness.Runbook {
	return runbook.Of(name, harness.Step{
		Name: step, Do: func(ctx context.Context, _ harness.Operator) error { return do(ctx) },
	})
}

// beginHere begins a drill in a fakeLab, in the arm of the run but with limits for a test.
func beginHere(place *fakeLab) *Drill {
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

func beginFor(place *fakeLab, target func(contract.Arm) harness.Objective) *Drill {
	config := run()
	id := reports.RecordID(ginkgo.CurrentSpecReport().LeafNodeText)
	plan := conduct.PlanIn(config.Control, harness.Plan{ID: id, Scenario: "flood"})
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
func upToDetect(ctx context.Context, drill *Drill, place *fakeLab, cause harness.Fault) {
	gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
	gomega.Expect(drill.Inject(ctx, cause)).To(gomega.Succeed())
	gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
}

// The specs that TestArms runs in a process of its own: TestSpecsInArm is their suite.
var _ = ginkgo.Describe("A fake", func() {
	ginkgo.It("is failing and pumped dry", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		gomega.Expect(drill.DuringRecovery(fakeFault{place, 0}, harness.BeforeStep("pump"))).To(gomega.Succeed())
		upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("expects its repair to break", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		drill.Claim(harness.Missed, "the repair are broken", harness.NotRecovered)
		upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
		gomega.Expect(drill.Repair(ctx, brokenRunbook())).To(gomega.MatchError(gomega.ContainSubstring("rust")))
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.MatchError(harness.ErrNotRecovered))
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	springs := func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, fakeFault{fakeLab: place})).To(gomega.Succeed())
		place.failing.Store(true)
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}
	ginkgo.It("is failing by itself", inFakeTime(springs))
	ginkgo.It("is failing while its machine starves", inFakeTime(func(ctx context.Context, place *fakeLab) {
		place.starved = []harness.Interruption{{From: time.Now(), Length: time.Minute, Reason: "the well stood still"}}
		springs(ctx, place)
	}))
	ginkgo.It("has repair and needs none", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		upToDetect(ctx, drill, place, fakeFault{place, 200 * time.Millisecond})
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("dries by itself", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		upToDetect(ctx, drill, place, fakeFault{place, 200 * time.Millisecond})
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("is seen twice by a probe that is not the steady state's", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, fakeFault{fakeLab: place})).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(&hill{}))).To(gomega.Succeed())
	}))
	ginkgo.It("is seen through fog", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		drill.Doubt("fog")
		upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("waits for its repair", func(ctx ginkgo.SpecContext) {
		if os.Getenv(untilKilled) == "" {
			ginkgo.Skip("TestKilledDrillLeavesItsRecord kills it")
		}
		place := &fakeLab{}
		drill := beginHere(place)
		upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
		gomega.Expect(drill.Repair(ctx, waiting())).To(gomega.Succeed())
	})
	ginkgo.It("is rained on, and nobody notices", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginFor(place, unnoticed)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, rain{})).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.MatchError(harness.ErrNotDetected))
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("dries by itself and loses its bridge", inFakeTime(func(ctx context.Context, place *fakeLab) {
		across := &bridge{}
		drill := beginHere(place)
		steady := harness.All(place, across)
		gomega.Expect(drill.Baseline(ctx, steady)).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, fakeFault{place, time.Second})).To(gomega.Succeed())
		// Before the service has been up for the dwell, and long after the fault: nobody would call that the fault's work.
		time.AfterFunc(1300*time.Millisecond, func() { across.broken.Store(true) })
		gomega.Expect(drill.Detect(ctx, steady)).To(gomega.Succeed())
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, steady)).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("is failing, and the church is not spared", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		gomega.Expect(drill.Unaffected(ctx, &church{place})).To(gomega.Succeed())
		upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("has a milestone", inFakeTime(func(ctx context.Context, place *fakeLab) {
		drill := beginHere(place)
		gomega.Expect(drill.Baseline(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Milestones(ctx, harness.Milestone{
			Name: "dry", Within: time.Minute,
			Claims: harness.All(place),
		})).To(gomega.Succeed())
		gomega.Expect(drill.Inject(ctx, fakeFault{fakeLab: place})).To(gomega.Succeed())
		gomega.Expect(drill.Detect(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
		gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
		gomega.Expect(drill.Judge()).To(gomega.Succeed())
	}))
	ginkgo.It("is only looked at", func(ctx ginkgo.SpecContext) {
		if run().Control != contract.WholeDrill { // otherwise it would bring a lab up
			Start(ctx, harness.Topology{})
			ginkgo.Fail("a spec that is no drill goes on in a control arm")
		}
	})
})

// A spec outside of all containers, as a short suite has it.
var _ = ginkgo.It("stands alone", inFakeTime(func(ctx context.Context, place *fakeLab) {
	drill := beginHere(place)
	upToDetect(ctx, drill, place, fakeFault{fakeLab: place})
	gomega.Expect(drill.Repair(ctx, fakeRunbook(place))).To(gomega.Succeed())
	gomega.Expect(drill.AwaitRecovery(ctx, harness.All(place))).To(gomega.Succeed())
	gomega.Expect(drill.Judge()).To(gomega.Succeed())
}))

// Rain is a fault that breaks nothing.
type rain struct{}

func (rain) Describe() string { return "rain" }
func (rain) Inject(context.Context, harness.Lab) (harness.Injection, error) {
	return new(fakeLab).struckAt(time.Now()), nil
}

// A bridge is a probe that has nothing to do with floods.
type bridge struct{ broken atomic.Bool }

func (*bridge) Name() string          { return "bridge" }
func (*bridge) Period() time.Duration { return 10 * time.Millisecond }
func (b *bridge) Check(context.Context, harness.Observer) error {
	if b.broken.Load() {
		return errors.New("broken")
	}
	return nil
}

// A church is a probe of the fakeLab by another name.
type church struct{ *fakeLab }

func (*church) Name() string { return "church" }

// A hill is another probe than the fakeLab.
type hill struct{ fakeLab }

func (*hill) Name() string { return "hill" }

// waiting is a runbook that does not end.
func waiting() harness.Runbook {
	return oneStep("wait", "for ever", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
}

func brokenRunbook() harness.Runbook {
	return oneStep("broken repair", "pump", func(context.Context) error { return errors.New("rust") })
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
	ginkgo.RunSpecs(t, "flood", arguments...)
}

// Goal: an arm ends its spec where it must go red, whatever else the spec wants; a drill that detects a
// failure without its fault, or recovers without its runbook, fails; an ordinary run notices nothing of
// all that. Method: small drills go through the real runner in each arm, in a process of their own; how
// they ended is read from its report, and what they left from their records.
func TestArms(t *testing.T) {
	const (
		pumped, rusty, springs, needless = "is failing and pumped dry", "expects its repair to break", "is failing by itself",
			"has repair and needs none"
		dries, other, fog, looked = "dries by itself", "is seen twice by a probe that is not the steady state's",
			"is seen through fog", "is only looked at"
		starves, rainy                  = "is failing while its machine starves", "is rained on, and nobody notices"
		bridgeless, churched, milestone = "dries by itself and loses its bridge", "is failing, and the church is not spared",
			"has a milestone"
	)
	skipped, failed, passed := types.SpecStateSkipped, types.SpecStateFailed, types.SpecStatePassed
	type want struct {
		state types.SpecState
		said  string // by the arm; "" when it says nothing
	}
	for arm, wants := range map[contract.Arm]map[string]want{
		contract.WholeDrill: {
			pumped: {passed, ""}, rusty: {passed, ""}, springs: {passed, ""}, needless: {passed, ""}, dries: {passed, ""},
			other: {failed, ""}, fog: {failed, ""}, looked: {passed, ""},
			starves: {failed, ""}, rainy: {passed, ""}, bridgeless: {passed, ""}, churched: {failed, ""}, milestone: {passed, ""},
		},
		contract.WithoutFault: {
			pumped: {passed, "red: nothing broke within 500ms"}, rusty: {passed, "red: nothing broke within 500ms"},
			needless:   {passed, "red: nothing broke within 500ms"},
			bridgeless: {passed, "red: nothing broke within 500ms"}, churched: {passed, "red: nothing broke within 500ms"},
			milestone: {passed, "red: nothing broke within 500ms"},
			dries:     {passed, "red: nothing broke within 500ms"}, other: {failed, ""},
			fog: {failed, "red for another reason: nothing broke within 500ms, but its record does not say that for this reason " +
				"alone"},
			looked:  {skipped, "not applicable: not a drill"},
			springs: {failed, "not red: this scenario cannot be made red: without its fault, the steady state failed anyway"},
			starves: {failed, "inconclusive: without its fault, the steady state failed, but the machine was too busy to tell why " +
				"(the well stood still for 1m0s)"},
			rainy: {passed, "red: nothing broke within 1s"},
		},
		contract.WithoutRunbook: {
			pumped:   {passed, "red: the service was not back 2.5s after the fault"},
			rusty:    {passed, "red: the service was not back 2.5s after the fault"},
			springs:  {passed, "red: the service was not back 2.5s after the fault"},
			needless: {failed, "not red: this scenario cannot be made red: without its runbook, the service came back by itself after "},
			dries:    {skipped, "not applicable: recovers by itself: no runbook to leave out"}, other: {failed, ""},
			looked: {skipped, "not applicable: not a drill"},
			bridgeless: {failed, "red for another reason: the service was not back 2.5s after the fault because bridge failed later, " +
				"and what the fault broke was back by then: dry"},
			churched: {failed, "red for another reason: the service was not back 2.5s after the fault, but its record does not say " +
				"that for this reason alone"},
			fog: {failed, "red for another reason: the service was not back 2.5s after the fault, but its record does not say " +
				"that for this reason alone"},
			milestone: {passed, "red: the service was not back 2.5s after the fault"},
			starves:   {failed, "inconclusive: the service was not back 2.5s after the fault, but the machine was too busy to be sure"},
			rainy:     {skipped, "not applicable: nobody notices, as claimed: no runbook to leave out"},
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
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]harness.Record{}
	for _, record := range read {
		records[record.ID] = record
	}
	return found, records
}
