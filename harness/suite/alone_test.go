package suite

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// startedAlone has TestAlone be a suite that a plain `go test` has started.
const startedAlone = "REPRISE_TEST_ALONE"

// preparesFor is the label of the specs that TestAlone prepares for.
const preparesFor = "REPRISE_TEST_NEEDS"

// TestAlone is the suite that the tests below start.
func TestAlone(t *testing.T) {
	if os.Getenv(startedAlone) == "" {
		t.Skip("the tests below run it")
	}
	t.Setenv(inTheArm, "1")
	theSuite = t
	if label := os.Getenv(preparesFor); label == "" {
		Run(t, "site")
	} else {
		acme := harness.System{Image: harness.Image{Name: "acme", Version: "7", Reference: "acme:7"}}
		Run(t, "site", PrepareFor(label, harness.Topology{Nodes: []harness.Node{{System: acme}}}))
	}
}

// goTest runs the suite as `go test` does in the package drills/site of a module, with the variables and the arguments.
func goTest(t *testing.T, variables []string, arguments ...string) (root, output string, err error) {
	t.Helper()
	root = t.TempDir()
	folder := filepath.Join(root, "drills", "site")
	testkit.Must(t, os.MkdirAll(folder, 0o755))
	testkit.Must(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module example.com/acme\n"), 0o600))
	process := exec.CommandContext(t.Context(), os.Args[0],
		append([]string{"-test.run=^TestAlone$", "-test.timeout=10m"}, arguments...)...)
	process.Dir = folder
	process.Env = slices.Concat(os.Environ(), contract.Config{}.Environment(),
		[]string{startedAlone + "=1", "DOCKER_HOST=" + enginetest.Empty(t), "XDG_CACHE_HOME=" + t.TempDir()}, variables)
	text, err := process.CombinedOutput()
	return root, string(text), err
}

// Goal: a plain `go test` of a package with drills runs them, leaves their records and a report below the module, says in one
// sentence where, and how each is repeated; the spec's outcome is that of the test. Method: a suite in a process of its own, in a
// module, whose specs pass and fail.
func TestPlainGoTestRunsDrills(t *testing.T) {
	root, output, err := goTest(t, nil, "-ginkgo.focus=expects its repair to break", "-ginkgo.seed=7")
	if err != nil || strings.Contains(output, "  verdict  ") {
		t.Fatalf("%v:\n%s", err, output)
	}
	latest := filepath.Join(root, "reports", "out", "latest")
	records, err := reports.ReadRecords(latest)
	if err != nil || len(records) != 1 || records[0].Judgement.Verdict != harness.Missed || !records[0].Judgement.AsClaimed {
		t.Fatalf("the records are %+v, %v", records, err)
	}
	page, err := filepath.EvalSymlinks(latest)
	said := "reprise: the report is " + page + "/index.html, and the record of each drill lies beside it\n"
	if err != nil || !strings.Contains(output, said) {
		t.Errorf("%v: the output does not say where the report is:\n%s", err, output)
	}
	summary, err := os.ReadFile(filepath.Join(latest, "summary.md"))
	want := "go test ./drills/site -count=1 -ginkgo.seed=7 -ginkgo.focus='expects its repair to break'"
	if err != nil || !strings.Contains(string(summary), want) {
		t.Errorf("%v: the summary lacks %q:\n%s", err, want, summary)
	}

	root, output, err = goTest(t, nil, "-ginkgo.focus=is doubted")
	if err == nil || !strings.Contains(output, "somebody else was at it") {
		t.Errorf("a drill in doubt passes:\n%s", output)
	}
	junit, err := os.ReadFile(filepath.Join(root, "reports", "out", "latest", "junit.xml"))
	if err != nil || !strings.Contains(string(junit), "<failure") {
		t.Errorf("%v: the report has no failure:\n%s", err, junit)
	}
}

// Goal: a spec that stands in no container runs like every other, and a `go test` that chooses none is not green. Method: such a
// spec, and a focus that fits none.
func TestPlainGoTestChecksSomething(t *testing.T) {
	root, output, err := goTest(t, []string{preparesFor + "=onlookers"}, "-ginkgo.focus=stands alone")
	records, readErr := reports.ReadRecords(filepath.Join(root, "reports", "out", "latest"))
	if err != nil || readErr != nil || len(records) != 1 {
		t.Errorf("%v, %v, %d records:\n%s", err, readErr, len(records), output)
	}
}

// Goal: a choice of nothing, and images for specs that are not there, are one sentence with what there is, before the engine is
// asked for. Method: a focus, labels and a topology's label that fit no spec, where there is no engine.
func TestPlainGoTestRefusesWhatIsNotThere(t *testing.T) {
	const nowhere = "DOCKER_HOST=unix:///nowhere/docker.sock"
	for _, test := range []struct{ prepares, argument, wants string }{
		{
			"", "-ginkgo.focus=nobody says this",
			`no spec fits the focus "nobody says this": nothing would be checked; specs to choose from: "A site expects its repair to break", "`,
		},
		{
			"", "-ginkgo.label-filter=onlooker",
			`no spec fits the labels "onlooker": nothing would be checked; labels that specs carry: onlookers, site` + "\n",
		},
		{
			"onlooker", "-ginkgo.focus=stands alone",
			`suite.PrepareFor names the label "onlooker", which no spec of this suite carries: their labels are onlookers, site` + "\n",
		},
	} {
		root, output, err := goTest(t, []string{preparesFor + "=" + test.prepares, nowhere}, test.argument)
		if err == nil || !strings.Contains(output, test.wants) || strings.Contains(output, "nowhere") {
			t.Errorf("%s: %v:\n%s", test.argument, err, output)
		}
		if _, err := os.Lstat(filepath.Join(root, "reports")); err == nil {
			t.Errorf("%s leaves reports", test.argument)
		}
	}
}

// Goal: control arms run in a plain `go test` too, and leave no link to what is no drill. Method: the arm without a fault of a
// drill, and of one that fails without one.
func TestPlainGoTestRunsControlArms(t *testing.T) {
	arm := []string{contract.ControlVariable + "=" + string(contract.WithoutFault)}
	root, output, err := goTest(t, arm, "-ginkgo.focus=fails and is repaired", "-test.v")
	for _, part := range []string{
		"control arm: red, as expected: nothing broke within 500ms", "Ran 1 of ", "1 Passed", "0 Failed", "--- PASS: TestAlone",
	} {
		if err != nil || !strings.Contains(output, part) {
			t.Errorf("%v: no %q in:\n%s", err, part, output)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(root, "reports", "out", "*", "*-without-fault.json")); len(found) != 1 {
		t.Errorf("the records are %q", found)
	}
	if _, err := os.Lstat(filepath.Join(root, "reports", "out", "latest")); err == nil {
		t.Error("a control arm is linked as the latest run")
	}
	_, output, err = goTest(t, arm, "-ginkgo.focus=fails by itself")
	if err == nil || !strings.Contains(output, "cannot be made red") {
		t.Errorf("%v:\n%s", err, output)
	}
}

// Goal: with -v, what happens in a drill is printed while it does, and the verdict once. Method: a drill that is met.
func TestPlainGoTestShowsDrills(t *testing.T) {
	_, output, err := goTest(t, nil, "-ginkgo.focus=fails and is repaired", "-test.v")
	at := 0
	for _, line := range []string{
		"start  phase    the drill begins: RTO 2s, no claim about data", "  phase    the steady state is proved",
		"  inject   the fault is brought about", "t0  fault    an outage of the site", "  confirm  the site refuses connections",
		`  sli      "the site answers" fails: connection refused`, `  detect   "the site answers" fails`,
		"  step     repair the site: repair begins", "  step     repair the site: repair ends after ",
		`  sli      "the site answers" holds again after `, "  phase    the recovery is proved",
		"  verdict  met: clients had the service back",
	} {
		next := strings.Index(output[at:], line)
		if next < 0 {
			t.Fatalf("%v: %q is not where it should be in:\n%s", err, line, output)
		}
		at += next
	}
	if err != nil || strings.Count(output, "met: clients had") != 1 {
		t.Errorf("%v:\n%s", err, output)
	}
}

// Goal: where drills are not wanted nothing is touched. Method: -short, and a dry run.
func TestPlainGoTestThatLeavesNothing(t *testing.T) {
	for _, argument := range []string{"-test.short", "-ginkgo.dry-run"} {
		root, output, err := goTest(t, nil, argument)
		if err != nil {
			t.Errorf("%v:\n%s", err, output)
		}
		if _, err := os.Lstat(filepath.Join(root, "reports")); err == nil {
			t.Errorf("%s leaves reports", argument)
		}
	}
}

// Goal: a suite that is asked for its images says what the doctor says of those that any of its specs wants, and runs none.
// Method: a suite whose engine has no image, asked for the image of a topology.
func TestSuiteSaysWhatItsImagesLack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "findings.json")
	variables := []string{"REPRISE_FINDINGS=" + file, image.AgentVariable + "=reprise/agent:7", preparesFor + "=onlookers"}
	root, output, err := goTest(t, variables)
	text, readErr := os.ReadFile(file)
	var findings []doctor.Finding
	if err != nil || readErr != nil || json.Unmarshal(text, &findings) != nil {
		t.Fatalf("%v, %v, %s:\n%s", err, readErr, text, output)
	}
	if len(findings) != 3 || findings[0].Detail != "not in the engine yet: agent, acme 7" {
		t.Errorf("the findings are %+v", findings)
	}
	if _, err := os.Stat(filepath.Join(root, "reports")); err == nil {
		t.Error("it has begun a run")
	}
}
