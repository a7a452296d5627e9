package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

const (
	specTimedOut    = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"stops","State":"timedout","Failure":{"Message":"A spec timeout occurred"}}`
	specNotReached  = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"stops","State":"skipped"}`
	setupFailed     = `{"LeafNodeType":"BeforeSuite","State":"failed","Failure":{"Message":"no clouds"}}`
	specInterrupted = `{"ContainerHierarchyTexts":["Rain"],"LeafNodeType":"It","LeafNodeText":"falls","State":"interrupted","Failure":{"Message":"Interrupted by User"}}`
)

// other gives specs another text, so that two suites do not plan the same one.
func other(specs string) string { return strings.ReplaceAll(specs, `["Rain"]`, `["Snow"]`) }

// lostSuites are suites from which something does not come back, and what a reader must be told.
var lostSuites = []struct {
	name, runner string
	failed       int
	says         []string
}{
	{
		"cannot prepare", readsArguments + plans(other(asPlanned(specPassed))) +
			"i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo \"layer $i.\"; done; exit 1",
		2,
		[]string{
			"it ended before it wrote a report: exit status 1", "layer 11.", "layer 50.", "Snow falls",
			"never ran to its end: its suite left no report: exit status 1",
		},
	},
	{
		"is killed", readsArguments + plans(other(asPlanned(specPassed+","+specFailed))) + "echo up to here; kill -9 $$",
		3,
		[]string{
			"it ended before it wrote a report: signal 9 (killed)", "up to here", "Snow falls", "Snow stops",
			"never ran to its end: its suite left no report: signal 9 (killed)",
		},
	},
	{"cannot be compiled", "", 1, []string{"it cannot be compiled", "rain.go:3: undefined: cloud"}},
	{"panics before anything", "echo panic: rain; exit 2", 1, []string{
		"it does not say what it would run: exit status 2",
		"panic: rain",
	}},
	{"says nothing and is pleased", "exit 0", 1, []string{
		"it does not say what it would run: none of its Test functions calls suite.Run",
	}},
	{
		"ends well without a report", readsArguments + plans(other(asPlanned(specPassed))) + "exit 0",
		2,
		[]string{"it ended before it wrote a report: exit status 0", "never ran to its end: its suite left no report: exit status 0"},
	},
	{
		"leaves half a report", readsArguments + plans(other(asPlanned(specPassed))) + `echo '[{"SuitePath":' > "$report"`,
		2,
		[]string{"it ended with exit status 0, and its report is broken", "never ran to its end"},
	},
	{
		"leaves an empty report", readsArguments + plans(other(asPlanned(specPassed))) + `echo '[]' > "$report"`,
		1,
		[]string{"never ran: its suite says nothing of it"},
	},
	{
		"is focused in the source", readsArguments + plans(other(asPlanned(specPassed))) + writes(other(specPassed), true) + "exit 197",
		1,
		[]string{"some of its specs are focused in the source (FIt, Focus)"},
	},
	{
		"ends badly after its specs", readsArguments + plans(other(asPlanned(specPassed))) + writes(other(specPassed), true) +
			"echo leaking; exit 3",
		1,
		[]string{"it ended with exit status 3 although no spec says why", "leaking"},
	},
	{
		"is killed after a failed spec", readsArguments + plans(other(asPlanned(specFailed))) + writes(other(specFailed), false) +
			"kill -9 $$",
		2,
		[]string{"it ended with signal 9 (killed) although no spec says why", "still raining"},
	},
	{
		"fails before its specs", readsArguments + plans(other(asPlanned(specPassed+","+specFailed))) +
			writes(other(setupFailed+","+strings.Replace(specPassed, `"passed"`, `"skipped"`, 1)+","+specNotReached), false) + "exit 1",
		3,
		[]string{"no clouds", "Snow falls", "Snow stops", "never ran: its suite did not get there: exit status 1"},
	},
	{
		"forgets a spec", readsArguments + plans(other(asPlanned(specPassed+","+specFailed))) + writes(other(specPassed), true),
		1,
		[]string{"Snow stops", "never ran: its suite says nothing of it"},
	},
	{
		"forgets one of two specs with one title", readsArguments + plans(other(asPlanned(specPassed)+","+
			strings.Replace(asPlanned(specPassed), `"LeafNodeText":"falls"`, `"LeafNodeText":"falls","LeafNodeLabels":["again"]`, 1))) +
			writes(other(specPassed), true),
		-1,
		[]string{"would both leave the record snow-falls"},
	},
	{
		"has a spec that takes too long", readsArguments + plans(other(asPlanned(specFailed))) + writes(other(specTimedOut), false) +
			"exit 1",
		1,
		[]string{"A spec timeout occurred"},
	},
}

// everyFormat is what a run has left, by the name of the format; the terminal's is what it has printed.
func everyFormat(t *testing.T, folder, out string) map[string]string {
	t.Helper()
	formats := map[string]string{"terminal": out}
	for _, name := range []string{"junit.xml", "summary.md", "index.html"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		testkit.Must(t, err)
		formats[name] = strings.NewReplacer(`\_`, "_", "&#39;", "'", "&#43;", "+").Replace(string(text))
	}
	return formats
}

// Goal: a run is never green when something does not come back from a suite that was to run, and every format says what.
// Method: a suite that passes, beside one of each kind.
func TestRunIsRedWhenASuiteIsLost(t *testing.T) {
	for _, test := range lostSuites {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			run := ofSuites(t, &out, Options{Seed: 7, Repeat: 1}, map[string]string{
				"aaa": writesReport(specPassed, true),
				"bbb": test.runner,
			})
			err := run.all(t.Context())
			if test.failed < 0 { // it is refused before anything runs
				if err == nil || !strings.Contains(err.Error(), test.says[0]) || repository.Exists(run.folder()) {
					t.Errorf("the run ends with %v, its folder is left: %v", err, repository.Exists(run.folder()))
				}
				return
			}
			if !errors.Is(err, ErrRed) {
				t.Errorf("the run ends with %v", err)
			}
			passed := 1
			if strings.Contains(test.runner, `"State":"passed","Failure"`) {
				passed = 2
			}
			if counts := fmt.Sprintf(" passed, %d failed, 0 skipped\n", test.failed); !strings.HasSuffix(out.String(), counts) ||
				passed > 2 {
				t.Errorf("the last line is not %q:\n%s", counts, out.String())
			}
			for name, text := range everyFormat(t, run.folder(), out.String()) {
				for _, want := range test.says {
					if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
						t.Errorf("%s lacks %q:\n%s", name, want, text)
					}
				}
				if name != "terminal" && strings.Contains(text, "layer 10.") {
					t.Errorf("%s holds more than the last 40 lines", name)
				}
			}
			if strings.Contains(out.String(), "nothing would be checked") {
				t.Errorf("it says that nothing was selected:\n%s", out.String())
			}
			if repository.Exists(run.compiled) {
				t.Error("the compiled suites are left behind")
			}
		})
	}
}

// Goal: a suite that is lost alone is told as that, not as labels that choose nothing. Method: each of them without another
// suite.
func TestLostSuiteIsNoEmptyChoice(t *testing.T) {
	for _, test := range lostSuites {
		var out strings.Builder
		run := ofSuites(t, &out, Options{Labels: "bbb", Seed: 7, Repeat: 1}, map[string]string{"bbb": test.runner})
		if err := run.all(t.Context()); err == nil || strings.Contains(out.String(), "nothing would be checked") {
			t.Errorf("%s: the run ends with %v and says\n%s", test.name, err, out.String())
		}
	}
}

// Goal: the table of control arms has a row for every chosen spec, whatever becomes of its suite, and the suite's failure
// with its output. Method: the same suites.
func TestControlsAreRedWhenASuiteIsLost(t *testing.T) {
	good := armSpec("falls", "skipped", "red", "nothing broke")
	for _, test := range lostSuites {
		if test.failed < 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			run := &controlsRun{chaosRun: ofSuites(t, &out, Options{Seed: 7, Repeat: 1},
				map[string]string{"aaa": inArms(good, good), "bbb": test.runner})}
			if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
				t.Errorf("the run ends with %v", err)
			}
			text := strings.Join(strings.Fields(out.String()), " ")
			for _, want := range test.says {
				if !strings.Contains(text, want) {
					t.Errorf("the output lacks %q:\n%s", want, out.String())
				}
			}
			if strings.Contains(test.says[len(test.says)-1], "never ran") && !strings.Contains(out.String(), "NOT RUN") {
				t.Errorf("no row says that the spec was not run:\n%s", out.String())
			}
		})
	}
}

// Goal: a calibration and drills with a known outcome fail in the same way. Method: the same suites.
func TestInstrumentsAreRedWhenTheirSuiteIsLost(t *testing.T) {
	for _, test := range lostSuites {
		var out strings.Builder
		suites := map[string]string{"internal/instrument": test.runner}
		calibration := &calibrationRun{chaosRun: ofSuites(t, &out, Options{Seed: 7, Repeat: 1}, suites), outages: 1}
		if err := calibration.all(t.Context()); err == nil {
			t.Errorf("%s: the calibration is good:\n%s", test.name, out.String())
		}
		err := ofSuites(t, &out, Options{Seed: 7, Repeat: 1, Focus: "x"}, suites).judgeKnown(t.Context())
		if err == nil {
			t.Errorf("%s: the drills are good:\n%s", test.name, out.String())
		}
	}
}

// Goal: a pass from which nothing came back is not hidden by the others. Method: the suite of the second pass of three is killed.
func TestLostPassIsTold(t *testing.T) {
	var out strings.Builder
	run := aRun(t, &out, readsArguments+plans(asPlanned(specPassed))+`[ "$REPRISE_PASS" = 2 ] && kill -9 $$`+writes(specPassed,
		true), Options{Seed: 7, Repeat: 3})
	if err := run.all(t.Context()); !errors.Is(err, errIncomplete) {
		t.Errorf("the run ends with %v", err)
	}
	for name, text := range everyFormat(t, run.folder(), out.String()) {
		if want := "never ran to its end: its suite left no report: signal 9 (killed) (pass 2)"; !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", name, want, text)
		}
	}
	if !strings.HasSuffix(out.String(), "\n2 passed, 2 failed, 0 skipped\n") {
		t.Errorf("the last line is another:\n%s", out.String())
	}
}

// Goal: after an interrupt every chosen spec that has no outcome is a failure, of suites and passes that were never begun
// too. Method: a run of two passes and two suites, interrupted in the first suite.
func TestInterruptLeavesNothingUntold(t *testing.T) {
	out := awaiting("it rains")
	run := ofSuites(t, out, Options{Seed: 7, Repeat: 2}, map[string]string{
		"aaa": readsArguments + plans(asPlanned(specPassed+","+specFailed)) +
			"trap 'over=1' INT; echo it rains; while [ ! \"$over\" ]; do sleep 0.05; done\n" +
			writes(specInterrupted+","+specNotReached, false) + "exit 1",
		"bbb": writesReport(other(specPassed), true),
	})
	go func() {
		<-out.seen
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	if err := run.all(t.Context()); !errors.Is(err, ErrRed) {
		t.Errorf("the run ends with %v", err)
	}
	if !strings.Contains(out.String(), "interrupted: not everything ran") ||
		!strings.HasSuffix(out.String(), "\n0 passed, 4 failed, 0 skipped\n") {
		t.Errorf("the end is another:\n%s", out)
	}
	var rows []string
	for _, failure := range run.outcome.Failures {
		rows = append(rows, failure.Title+": "+failure.Message)
	}
	for _, want := range []string{
		"Rain stops: never ran: interrupted (pass 1, 2)",
		"Snow falls: never ran: interrupted (pass 1, 2)", "Rain falls: never ran: interrupted (pass 2)",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("%q lacks %q", rows, want)
		}
	}
}

// Goal: the record of a drill whose suite was lost is not taken for one that passed. Method: a suite that leaves a record
// and is killed.
func TestRecordOfALostSuiteIsNoSuccess(t *testing.T) {
	var out strings.Builder
	record := `{"schema":"reprise.record/v1","id":"rain-falls","scenario":"flood","title":"Rain falls"}`
	run := aRun(t, &out, readsArguments+plans(
		asPlanned(specPassed))+"echo '"+record+"' > \"$REPRISE_RUN_DIR/rain-falls.json\"; kill -9 $$", Options{Seed: 7, Repeat: 1})
	if err := run.all(t.Context()); !errors.Is(err, errIncomplete) {
		t.Errorf("the run ends with %v", err)
	}
	if want := "it left a record, but nothing says that it passed"; !strings.Contains(out.String(), want) {
		t.Errorf("the output lacks %q:\n%s", want, out.String())
	}
}

// Goal: a run that cannot leave its report does not begin. Method: a folder where the link to the latest run belongs.
func TestRunDoesNotBeginWithoutAPlaceForItsReport(t *testing.T) {
	var out strings.Builder
	run := aRun(t, &out, "exit 9", Options{Seed: 7, Repeat: 1})
	testkit.Must(t, os.MkdirAll(filepath.Join(module.RunsFolder(run.root), "latest"), 0o750))
	run.compile = nil
	testkit.Expect(t, run.all(t.Context()), "it is not a link: move it away")
}

// Goal: two specs that would leave one record are found before anything runs, also in two suites. Method: the same text in both.
func TestTwoSpecsWithOneRecordAreRefused(t *testing.T) {
	var out strings.Builder
	run := ofSuites(t, &out, Options{Seed: 7, Repeat: 1}, map[string]string{
		"aaa": writesReport(specPassed, true), "bbb": writesReport(strings.Replace(specPassed, "falls", "falls!", 1), true),
	})
	err := run.all(t.Context())
	testkit.Expect(t, err, "would both leave the record rain-falls: give one of them another text")
}

// Goal: the end of a suite's output is kept whole, whatever its lines are like. Method: more lines than are kept, one that
// is far too long, and one without an end.
func TestTailKeepsTheLastLines(t *testing.T) {
	var passed strings.Builder
	last := &tail{to: &passed}
	for i := range 100 {
		fmt.Fprintf(last, "line %d\n", i)
	}
	fmt.Fprintf(last, "%s\nend", strings.Repeat("x", 3*tailLineLength))
	lines := strings.Split(last.text(), "\n")
	if len(lines) != tailLines || lines[0] != "line 62" || lines[39] != "end" || !strings.HasSuffix(lines[38], "x ... (cut)") {
		t.Errorf("%d lines are kept: %q ... %q", len(lines), lines[0], lines[len(lines)-1])
	}
	if passed.Len() < 3*tailLineLength {
		t.Error("not everything was passed on")
	}
}

// Goal: Ctrl-C while suites are compiled ends the run at once, red, and leaves nothing. Method: a compiler that never ends.
func TestInterruptBeforeAnythingRuns(t *testing.T) {
	var out strings.Builder
	run := aRun(t, &out, "exit 9", Options{Seed: 7, Repeat: 1})
	run.compile = func(ctx context.Context, _, _ string, _ []string) ([]suite, error) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			return nil, err
		}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	err := run.all(t.Context())
	if err == nil || err.Error() != "interrupted before anything ran" || repository.Exists(run.folder()) {
		t.Errorf("the run ends with %v; its folder is left: %v", err, repository.Exists(run.folder()))
	}
}
