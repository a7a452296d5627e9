package drilltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// beginAt is Begin for a service in memory, with limits for a test.
func beginAt(t *testing.T, place *labtest.Service) *Drill {
	t.Helper()
	return begin(t, func(test *test, config contract.Config, spec conduct.Spec) *conduct.Drill {
		plan := conduct.PlanIn(config.Control, harness.Plan{
			ID: reports.RecordID(spec.Text), Title: spec.Title, Scenario: spec.Scenario, Repeat: config.Repeat(spec.Text),
		})
		plan.Objective = harness.Objective{
			RTO: 3 * time.Second, NoData: true, DetectWithin: 500 * time.Millisecond, GiveUpAfter: 4500 * time.Millisecond,
			Dwell: time.Second, // long beside what a busy machine keeps a probe waiting
		}
		drill, err := conduct.New(test, place, config, plan, false)
		if err != nil {
			test.Fail(err.Error())
		}
		test.Cleanup(drill.End)
		return drill
	})
}

// started has the tests named TestDrill... be those of a package that `go test` runs.
const started = "REPRISE_TEST_DRILLTEST"

// drillOf is a drill of a service, where the tests below run it.
func drillOf(t *testing.T) (*Drill, *labtest.Service) {
	t.Helper()
	if os.Getenv(started) == "" {
		t.Skip("the tests below run it")
	}
	place := &labtest.Service{}
	return beginAt(t, place), place
}

func TestDrillIsMet(t *testing.T) {
	drill, place := drillOf(t)
	ctx, steady := drill.Context(), harness.All(place)
	drill.Must(drill.Baseline(ctx, steady))
	drill.Must(drill.Inject(ctx, place.Outage(0)))
	drill.Must(drill.Detect(ctx, steady))
	drill.Must(drill.Repair(ctx, place.Repair("restart it")))
	drill.Must(drill.AwaitRecovery(ctx, steady))
}

func TestDrillIsMissed(t *testing.T) {
	drill, place := drillOf(t)
	ctx, steady := drill.Context(), harness.All(place)
	drill.Must(drill.Baseline(ctx, steady))
	drill.Must(drill.Inject(ctx, place.Outage(0)))
	drill.Must(drill.Detect(ctx, steady))
	drill.Must(drill.AwaitRecovery(ctx, steady))
}

func TestDrillIsInterrupted(t *testing.T) {
	drill, place := drillOf(t)
	ctx, steady := drill.Context(), harness.All(place)
	drill.Must(drill.Baseline(ctx, steady))
	testkit.Must(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
	<-ctx.Done()
	drill.Must(drill.Inject(ctx, place.Outage(0)))
}

func TestDrillAfterIt(t *testing.T) { drillOf(t) }

// goTest runs some of the tests above as `go test` does in the package drills/site of a module.
func goTest(
	t *testing.T, tests string, variables ...string,
) (latest string, records map[string]harness.Record, output string, err error) {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "drills", "site")
	testkit.Must(t, os.MkdirAll(folder, 0o755))
	testkit.Must(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/acme\n"), 0o600))
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+tests, "-test.v", "-test.timeout=10m")
	process.Dir = folder
	process.Env = slices.Concat(os.Environ(), contract.Config{}.Environment(),
		[]string{started + "=1", "DOCKER_HOST=" + enginetest.Empty(t), "XDG_CACHE_HOME=" + t.TempDir()}, variables)
	text, err := process.CombinedOutput()
	folders, globErr := filepath.Glob(filepath.Join(root, "reports", "out", "[0-9]*"))
	if globErr != nil || len(folders) != 1 {
		t.Fatalf("the runs are %q, %v:\n%s", folders, globErr, text)
	}
	read, readErr := reports.ReadRecords(folders[0])
	if readErr != nil {
		t.Fatal(readErr)
	}
	records = map[string]harness.Record{}
	for _, record := range read {
		records[record.Title] = record
	}
	return filepath.Join(root, "reports", "out", "latest"), records, string(text), err
}

// Goal: a plain test with a drill passes when the verdict is as claimed, which is asked for when the test did not, and fails
// otherwise; both are in one report, with the line that repeats each. Method: the two tests above.
func TestPlainTestsAreDrills(t *testing.T) {
	latest, records, output, err := goTest(t, "^TestDrillIs(Met|Missed)$")
	met, missed := records["TestDrillIsMet"], records["TestDrillIsMissed"]
	if err == nil || !strings.Contains(output, "--- PASS: TestDrillIsMet") ||
		!strings.Contains(output, "--- FAIL: TestDrillIsMissed") ||
		met.Judgement.Verdict != harness.Met || missed.Judgement.Verdict != harness.Missed {
		t.Fatalf("%v, %s and %s:\n%s", err, met.Judgement.Verdict, missed.Judgement.Verdict, output)
	}
	for _, line := range []string{
		`  sli      "the site answers" fails: connection refused`, "t0  fault    an outage of the site", "  verdict  missed: ",
	} {
		if !strings.Contains(output, line) {
			t.Errorf("no %q in:\n%s", line, output)
		}
	}
	if want := "go test ./drills/site -count=1 -run='^TestDrillIsMet$'"; met.Repeat != want || met.Scenario != "site" {
		t.Errorf("%s is repeated with %q, want %q", met.Scenario, met.Repeat, want)
	}
	summary, err := os.ReadFile(filepath.Join(latest, "summary.md"))
	if err != nil || !strings.Contains(string(summary), "2 drills: 1 met, 1 not as claimed, 1 failed spec") ||
		strings.Count(output, "reprise: the report is ") != 2 {
		t.Errorf("%v: the summary is\n%s", err, summary)
	}
}

// Goal: both control arms of a plain test go red in their place, which passes. Method: the drill that is met, in each.
func TestPlainTestsHaveControlArms(t *testing.T) {
	for arm, want := range map[contract.Arm]string{
		contract.WithoutFault:   "control arm: red, as expected: nothing broke within 500ms",
		contract.WithoutRunbook: "control arm: red, as expected: the service was not back 4.5s after the fault",
	} {
		_, records, output, err := goTest(t, "^TestDrillIsMet$", contract.ControlVariable+"="+string(arm))
		if err != nil || !strings.Contains(output, want) || len(records) != 1 {
			t.Errorf("%s: %v, %d records, no %q:\n%s", arm, err, len(records), want, output)
		}
	}
}

// Goal: Ctrl-C ends the drill at work, whose record says so, and those after it never begin. Method: a test that interrupts
// itself, and one after it.
func TestInterruptedPlainTest(t *testing.T) {
	_, records, output, err := goTest(t, "^TestDrill(IsInterrupted|AfterIt)$")
	reasons := strings.Join(records["TestDrillIsInterrupted"].Judgement.Reasons, "; ")
	if err == nil || records["TestDrillIsInterrupted"].Judgement.Verdict != harness.Inconclusive ||
		!strings.Contains(reasons, "interrupt") {
		t.Errorf("%v, %q:\n%s", err, reasons, output)
	}
	const said = "it never began: an earlier drill was interrupted"
	if _, began := records["TestDrillAfterIt"]; began || !strings.Contains(output, said) {
		t.Errorf("the drill after it began: %v:\n%s", began, output)
	}
}
