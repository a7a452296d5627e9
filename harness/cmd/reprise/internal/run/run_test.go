package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
)

// notice is a writer that tells when a text has been written.
type notice struct {
	mu      sync.Mutex
	text    strings.Builder
	awaited string
	seen    chan struct{}
}

func awaiting(text string) *notice { return &notice{awaited: text, seen: make(chan struct{})} }

func (n *notice) Write(data []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text.Write(data)
	if n.awaited != "" && strings.Contains(n.text.String(), n.awaited) {
		n.awaited = ""
		close(n.seen)
	}
	return len(data), nil
}

func (n *notice) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// script makes an executable that stands for the runner.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runner")
	testkit.Must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700))
	return path
}

// wait fails the test when nothing happens for far too long.
func wait(t *testing.T, seen <-chan struct{}) {
	t.Helper()
	select {
	case <-seen:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing happened")
	}
}

// Goal: one Ctrl-C reaches the suites exactly once and is waited for. Method: a runner that counts
// the signals it gets in the child it has started, as a suite is the runner's child.
func TestFirstInterruptIsForwardedOnce(t *testing.T) {
	out := awaiting("ready")
	// The handler keeps running for a while, so that a second signal would be counted.
	path := script(t, `
trap : INT
sh -c 'count=0; trap "count=\$((count+1))" INT; echo ready; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; echo "signals: $count"'
exit 1
`)
	signals := make(chan os.Signal, 2)
	go func() { <-out.seen; signals <- os.Interrupt }()
	end, err := suiteProcess{path: path, folder: t.TempDir(), out: out}.run(signals)
	if !end.interrupted || end.code != 1 || err != nil {
		t.Errorf("it ended with %+v, error %v", end, err)
	}
	if !strings.Contains(out.String(), "signals: 1") {
		t.Errorf("the suite's count is not 1:\n%s", out)
	}
}

// Goal: a second Ctrl-C ends the whole group at once, also what ignores the first. Method: a runner
// whose child sleeps for an hour and ignores interrupts; afterwards that child must be gone.
func TestSecondInterruptKills(t *testing.T) {
	out := awaiting("ready")
	path := script(t, `
trap '' INT
sleep 3600 &
echo child $!
echo ready
wait
`)
	signals := make(chan os.Signal, 2)
	go func() {
		<-out.seen
		signals <- os.Interrupt
		signals <- syscall.SIGTERM
	}()
	end, err := suiteProcess{path: path, folder: t.TempDir(), out: out}.run(signals)
	if !end.interrupted || !errors.Is(err, errKilled) {
		t.Errorf("it ended with %+v, error %v", end, err)
	}
	var child int
	if _, err := fmt.Sscanf(out.String(), "child %d", &child); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for ticker := time.NewTicker(10 * time.Millisecond); running(child); <-ticker.C {
		}
	}()
	wait(t, gone)
}

// running tells whether a process does anything: a zombie that nobody has reaped yet does not.
func running(process int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// aRun is a run around a script instead of a compiled suite, in a repository with a flood.
func aRun(t *testing.T, out io.Writer, runner string, chosen Options) *chaosRun {
	t.Helper()
	return ofSuites(t, out, chosen, map[string]string{"flood": runner})
}

// ofSuites is a run around a script for each folder. An empty script stands for a suite that cannot be compiled.
func ofSuites(t *testing.T, out io.Writer, chosen Options, runners map[string]string) *chaosRun {
	t.Helper()
	chosen.Folders = slices.Sorted(maps.Keys(runners))
	run := &chaosRun{
		Options: chosen, root: t.TempDir(), out: out, id: "20260120-030000-beef", started: time.Now(),
		removeLeftovers: func(context.Context, string) (engine.Removed, error) { return engine.Removed{}, nil },
		compile: func(_ context.Context, root, _ string, folders []string) ([]suite, error) {
			var suites []suite
			for _, folder := range folders {
				if err := os.MkdirAll(filepath.Join(root, "scenarios", folder), 0o750); err != nil {
					return nil, err
				}
				one := suite{folder: folder, problem: "rain.go:3: undefined: cloud"}
				if runners[folder] != "" {
					one.program, one.problem = script(t, runners[folder]), ""
				}
				suites = append(suites, one)
			}
			return suites, nil
		},
	}
	return run
}

// readsArguments begins the script of a suite: $report is where its report goes, and $dry is set when it only says what
// would run.
const readsArguments = `
dry= seed=
for argument; do case $argument in
--ginkgo.json-report=*) report=${argument#*=};;
--ginkgo.seed=*) seed=${argument#*=};;
--ginkgo.dry-run) dry=1;;
esac; done
`

// writes is a part of a suite's script that writes the report.
func writes(specs string, succeeded bool) string {
	return fmt.Sprintf(`
cat > "$report" <<'REPORT'
[{"SuitePath":"/repository/scenarios/flood","SuiteSucceeded":%v,"SpecReports":[%s]}]
REPORT
`, succeeded, specs)
}

// plans is a part of a suite's script that says what would run and ends when only that was asked for.
func plans(specs string) string { return `if [ "$dry" ]; then ` + writes(specs, true) + "exit 0; fi\n" }

// writesReport is the script of a suite that writes the report of its specs, and had planned all that are not left out.
func writesReport(specs string, succeeded bool) string {
	return readsArguments + plans(asPlanned(specs)) + writes(specs, succeeded)
}

// asPlanned is what a dry run says of specs: those that would run have passed.
func asPlanned(specs string) string {
	var reported []types.SpecReport
	if err := json.Unmarshal([]byte("["+specs+"]"), &reported); err != nil {
		panic(err)
	}
	for i, spec := range reported {
		if wasSelected(spec) {
			reported[i] = types.SpecReport{
				ContainerHierarchyTexts: spec.ContainerHierarchyTexts, LeafNodeType: spec.LeafNodeType, LeafNodeText: spec.LeafNodeText,
				LeafNodeLocation: spec.LeafNodeLocation, State: types.SpecStatePassed,
			}
		}
	}
	text, err := json.Marshal(reported)
	if err != nil {
		panic(err)
	}
	return strings.Trim(string(text), "[]")
}

const (
	specPassed   = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"falls","State":"passed"}`
	specFailed   = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"stops","State":"failed","Failure":{"Message":"still raining","Location":{"FileName":"/repository/scenarios/flood/rain_test.go","LineNumber":7}}}`
	specSkipped  = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"freezes","State":"skipped","Failure":{"Message":"needs winter"}}`
	specFiltered = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"is warm","State":"skipped"}`
)

// Goal: a run is green when something was checked and all of it held, and never otherwise; the last
// line counts. Method: runners whose reports cover the cases.
func TestRunIsNeverGreenForNothing(t *testing.T) {
	for _, test := range []struct {
		name, runner, counts, says string
		green                      bool
	}{
		{
			"all passed", writesReport(specPassed+","+specFiltered, true), "1 passed, 0 failed, 0 skipped",
			"specs that were chosen: 1 (flood 1)", true,
		},
		{"passed and skipped", writesReport(specPassed+","+specSkipped, true), "1 passed, 0 failed, 1 skipped", "", true},
		{
			"one failed", writesReport(specPassed+","+specFailed, false) + "exit 1", "1 passed, 1 failed, 0 skipped",
			"not everything went as claimed", false,
		},
		{"all skipped", writesReport(specSkipped, true), "0 passed, 0 failed, 1 skipped", "every selected spec was skipped", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			run := aRun(t, &out, test.runner, Options{Labels: "smoke", Focus: "fog", Seed: 7, Repeat: 1})
			err := run.all(t.Context())
			if green := err == nil; green != test.green {
				t.Errorf("the run ends with %v", err)
			}
			if !strings.HasSuffix(out.String(), "\n"+test.counts+"\n") {
				t.Errorf("the last line is not %q:\n%s", test.counts, out.String())
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the output lacks %q:\n%s", test.says, out.String())
			}
		})
	}
}

// Goal: a choice that fits no spec is one sentence with what there is, leaves no run behind, and where a label may be a slip
// nobody waits for the engine to be told; other choices wait before compilers disturb anybody. Method: suites whose specs are
// all left out, beside an engine that is never free.
func TestAChoiceOfNothingIsRefused(t *testing.T) {
	labelled := strings.Replace(specFiltered, `"State"`, `"LeafNodeLabels":["warm"],"State"`, 1)
	for _, test := range []struct {
		name, labels, focus, specs string
		planFirst                  bool
		says                       string
	}{
		{
			"a label", "wram", "", labelled, true,
			`no spec fits the labels "wram": nothing would be checked; labels that specs carry: warm`,
		},
		{
			"a focus", "warm", "fog", labelled, true,
			`no spec with the labels "warm" fits the focus "fog": nothing would be checked; specs to choose from: "Rain is warm"`,
		},
		{"specs that are pending", "", "", specFiltered, true, "every spec is marked as pending: nothing would be checked"},
		{"no spec", "", "fog", "", true, "there is no spec: nothing would be checked"},
		{"a label that is there", "warm", "", labelled, false, "the engine is in use"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			run := aRun(t, &out, writesReport(test.specs, true), Options{Labels: test.labels, Focus: test.focus, Seed: 7, Repeat: 2})
			run.planFirst = test.planFirst
			run.takeEngine = func(context.Context) (*engine.Lock, error) { return nil, errors.New("the engine is in use") }
			testkit.Expect(t, run.all(t.Context()), test.says)
			if compiled := strings.Contains(out.String(), "compile flood"); compiled != test.planFirst {
				t.Errorf("it is compiled: %v", compiled)
			}
			if repository.Exists(run.folder()) {
				t.Error("a run is left behind in which nothing ran")
			}
		})
	}
}

// Goal: the report tells what failed and why, and the run leaves its files where it says. Method: a
// failing spec and a skipped one; the files are read back.
func TestRunLeavesItsReport(t *testing.T) {
	var out strings.Builder
	run := aRun(t, &out, writesReport(specFailed+","+specSkipped, false)+"exit 1", Options{Seed: 7, Repeat: 1})
	if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
		t.Errorf("the run ends with %v", err)
	}
	summary, err := os.ReadFile(filepath.Join(run.root, "reports", "out", run.id, "summary.md"))
	testkit.Must(t, err)
	for _, want := range []string{"Rain stops", "still raining", "needs winter", "make chaos SEED=7"} {
		if !strings.Contains(string(summary), want) {
			t.Errorf("the summary lacks %q:\n%s", want, summary)
		}
	}
	if !strings.Contains(out.String(), filepath.Join(run.folder(), "index.html")) {
		t.Errorf("the output does not say where the report is:\n%s", out.String())
	}
}

// Goal: REPEAT runs every pass with its own seed, goes on after a failure, and fails at the end.
// Method: a runner that notes its seed and environment, and fails in the first pass only.
func TestRepeatGoesOnAfterAFailure(t *testing.T) {
	var out strings.Builder
	notes := filepath.Join(t.TempDir(), "notes")
	run := aRun(t, &out, readsArguments+plans(asPlanned(specPassed+","+specFailed))+`
echo "seed $seed $REPRISE_SEED pass $REPRISE_PASS keep [$REPRISE_KEEP] phase [$REPRISE_PHASE] control [$REPRISE_CONTROL]" >> `+notes+`
if [ $seed = 7 ]; then `+writes(specPassed+","+specFailed, false)+` exit 1
else `+writes(specPassed+","+strings.Replace(specFailed, `"failed"`, `"passed"`, 1), true)+`
fi
`, Options{Seed: 7, Repeat: 3, Keep: true})
	if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
		t.Errorf("the run ends with %v", err)
	}
	text, err := os.ReadFile(notes)
	testkit.Must(t, err)
	want := `seed 7 7 pass 1 keep [1] phase [1] control []
seed 8 8 pass 2 keep [1] phase [1] control []
seed 9 9 pass 3 keep [1] phase [1] control []
`
	if string(text) != want {
		t.Errorf("the passes were\n%swant\n%s", text, want)
	}
	if !strings.HasSuffix(out.String(), "\n5 passed, 1 failed, 0 skipped\n") {
		t.Errorf("the passes are not counted together:\n%s", out.String())
	}
}

// Goal: faults are put off when it is asked for or a run has several passes, whatever the shell around
// it says, and the line that repeats the run asks for it again. Method: the environment and the line.
func TestPhaseIsDrawnWhenAsked(t *testing.T) {
	for _, test := range []struct {
		chosen Options
		phase  bool
		line   string
	}{
		{Options{Seed: 7, Repeat: 1}, false, "make chaos SEED=7"},
		{Options{Seed: 7, Repeat: 1, Phase: true}, true, "make chaos SEED=7 PHASE=1"},
		{Options{Seed: 7, Repeat: 2}, true, "make chaos SEED=7 REPEAT=2"},
	} {
		run := aRun(t, io.Discard, "", test.chosen)
		if drawn := run.config(suite{folder: "flood"}, 7, "").Phase; drawn != test.phase {
			t.Errorf("%+v: drawn %v", test.chosen, drawn)
		}
		if got := test.chosen.repeatCommand(); got != test.line {
			t.Errorf("the line is %q, want %q", got, test.line)
		}
	}
}

// Goal: what the suites leave on the engine is removed and said, unless it was to be kept. Method: a
// fake removal that finds something.
func TestRunTidiesUp(t *testing.T) {
	for _, keep := range []bool{false, true} {
		var out strings.Builder
		asked := ""
		run := aRun(t, &out, writesReport(specPassed, true), Options{Repeat: 1, Keep: keep})
		run.removeLeftovers = func(_ context.Context, run string) (engine.Removed, error) {
			asked = run
			return engine.Removed{Networks: []string{"stray"}}, nil
		}
		testkit.Must(t, run.all(t.Context()))
		if said := strings.Contains(out.String(), "removed 1 networks: stray"); said == keep || (asked == run.id) == keep {
			t.Errorf("keep %v: asked for %q and said\n%s", keep, asked, out.String())
		}
	}
}

// Goal: the failure of one pass is tied to the record of that pass. Method: records of two passes
// with the same title.
func TestRecordOfPass(t *testing.T) {
	records := []harness.Record{
		{ID: "rain-falls-pass-1", Scenario: "flood", Title: "Rain falls"},
		{ID: "rain-falls-pass-2", Scenario: "flood", Title: "Rain falls"},
	}
	for pass, want := range map[string]string{"": "rain-falls-pass-1", "1": "rain-falls-pass-1", "2": "rain-falls-pass-2", "3": ""} {
		if got := outcome.RecordOf("flood", "Rain falls", pass, records); got != want {
			t.Errorf("pass %q: %q, want %q", pass, got, want)
		}
	}
}

// Goal: the line that repeats a run means the same to make and the shell, and nothing that was typed is evaluated by either.
// Method: the project's own Makefile in a folder where the program prints what it was given, and make as others call it.
func TestRepeatCommandSurvivesMakeAndShell(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	makefile, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "Makefile"))
	testkit.Must(t, err)
	folder := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(folder, "Makefile"), makefile, 0o600))
	testkit.Must(t, os.Mkdir(filepath.Join(folder, ".bin"), 0o700))
	prints := "#!/bin/sh\n[ $# = 0 ] || printf '%s\\n' \"$@\" \"$FOCUS\"\n"
	testkit.Must(t, os.WriteFile(filepath.Join(folder, ".bin", "reprise"), []byte(prints), 0o700)) //nolint:gosec // it is run
	const typed = `it's "fine"$ | #1 $(shell touch evaluated) $$HOME ` + "`touch evaluated`"
	chosen := Options{Labels: "renumbering && !nightly", Focus: typed, Seed: 42, Repeat: 2}
	byEnvironment := "FOCUS=" + shellWord(typed) + " make chaos LABELS='renumbering && !nightly' SEED=42 REPEAT=2"
	want := "chaos\n--labels=renumbering && !nightly\n--focus=" + typed + "\n--seed=42\n--repeat=2\n" + typed + "\n"
	for _, line := range []string{chosen.repeatCommand(), byEnvironment} {
		shell := exec.CommandContext(t.Context(), "sh", "-c", line+" -o .bin/reprise")
		shell.Dir = folder
		got, err := shell.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if string(got) != want {
			t.Errorf("%s gives %q, want %q", line, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "evaluated")); err == nil {
		t.Error("what was typed was evaluated")
	}
}

// Goal: in a module that has no Makefile of ours the lines that repeat a run and a spec call the program as it is called there,
// from where it was, and mean the same to the shell. Method: modules with the tool and without it, called at several folders; a
// shell that prints its words.
func TestLinesThatNeedNoMake(t *testing.T) {
	t.Setenv("CONSUL_VERSION", "1.2 3")
	root := t.TempDir()
	for folder, lines := range map[string][2]string{
		".":      {"./drills/... --labels=water && !nightly --focus=it's $1", "./drills/rain --focus=it.s \\(heavy\\)$"},
		"drills": {"./drills/... --labels=water && !nightly --focus=it's $1", "../drills/rain --focus=it.s \\(heavy\\)$"},
		"a/shop": {"./drills/... --labels=water && !nightly --focus=it's $1", "../../drills/rain --focus=it.s \\(heavy\\)$"},
	} {
		for tool, words := range map[string]string{
			"tool github.com/reprise-dr/reprise/harness/cmd/reprise": "go tool reprise",
			"": "go run github.com/reprise-dr/reprise/harness/cmd/reprise",
		} {
			here := filepath.Join(root, folder)
			testkit.Must(t, errors.Join(os.MkdirAll(here, 0o750), os.WriteFile(filepath.Join(root, "go.mod"),
				[]byte("module example.com/acme\n\ngo 1.26\n\n"+tool+"\n"), 0o600)))
			t.Chdir(here)
			chosen := Options{Packages: []string{"./drills/..."}, Labels: "water && !nightly", Focus: "it's $1", Seed: 7, Repeat: 2}
			var err error
			if chosen.program, err = chosen.programIn(root); err != nil {
				t.Fatal(err)
			}
			run := aRun(t, io.Discard, "", chosen)
			for line, want := range map[string]string{
				chosen.repeatCommand(): lines[0] + " --seed=7 --repeat=2",
				run.config(suite{folder: "./drills/rain"}, 8, "").Repeat("it's (heavy)"): lines[1] + " --seed=8 --phase",
			} {
				got := wordsOf(t, line)
				if want := words + " chaos " + want; got != "CONSUL_VERSION=1.2 3 "+want {
					t.Errorf("at %s: %s is read as\n%s, want\n%s", folder, line, got, want)
				}
			}
		}
	}
}

// wordsOf are those that a shell reads in a line that calls go, with a blank between them.
func wordsOf(t *testing.T, line string) string {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", "go() { echo CONSUL_VERSION=$CONSUL_VERSION go \"$@\"; }\n"+line)
	shell.Env = []string{"PATH=" + os.Getenv("PATH")}
	got, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	return strings.TrimSuffix(string(got), "\n")
}

// Goal: a record says how to repeat its spec alone, in every kind of run, and how to repeat a suite that tests the harness.
// Method: the lines that suites are told.
func TestSuitesKnowHowTheyAreRepeated(t *testing.T) {
	for _, test := range []struct {
		folder string
		chosen Options
		want   string
	}{
		{"flood", Options{Labels: "water", Repeat: 1}, `make chaos LABELS=flood FOCUS='rain \(heavy\)$' SEED=8`},
		{"flood", Options{Repeat: 2}, `make chaos LABELS=flood FOCUS='rain \(heavy\)$' SEED=8 PHASE=1`},
		{"flood", Options{Repeat: 1, Target: "controls"}, `make controls LABELS=flood FOCUS='rain \(heavy\)$' SEED=8`},
		{"harness/selftest/verdicts", Options{Repeat: 1, Target: "verdicts"}, "make verdicts SEED=8"},
	} {
		run := aRun(t, io.Discard, "", test.chosen)
		if got := run.config(suite{folder: test.folder}, 8, "").Repeat("rain (heavy)"); got != test.want {
			t.Errorf("%s: %q, want %q", test.folder, got, test.want)
		}
	}
}
