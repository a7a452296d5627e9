package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// suiteSource is a suite as a scenario's folder has it: what TestX does before the specs, and the specs themselves.
const suiteSource = `package %[1]s

import (
	"os"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
)

var _ = time.Second
var _ = os.Getpid
var _ = syscall.SIGKILL

func TestSuite(t *testing.T) {
	suite, _ := GinkgoConfiguration()
	if !suite.DryRun {
		%[2]s
	}
	RunSpecs(t, "%[1]s", Label("%[1]s"))
}

var _ = Describe("%[1]s", func() {
	%[3]s
})
`

// realSuites are sources of suites by their folders. The specs of all but aaa do not come back, or do not pass.
var realSuites = map[string][2]string{
	"aaa": {"", `It("passes", func() {}); It("is not chosen", Label("nightly"), func() {})`},
	"bbb": {
		`for i := range 60 { println("layer", i, "of the image") }; t.Fatal("make image bbb: no route to host")`,
		`It("needs an image", func() {})`,
	},
	"ccc": {"", `It("is reached", func() {}); It("eats the memory", func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })`},
	"ddd": {"", `It("does not compile", func() { undefinedName() })`},
	"eee": {"os.Exit(0)", `It("is skipped by an exit", func() {})`},
	"fff": {"", `It("needs clouds", func() {}) }); var _ = BeforeSuite(func() { Fail("no clouds")`},
	"ggg": {"", `It("takes too long", func(ctx SpecContext) { <-ctx.Done() }, SpecTimeout(50*time.Millisecond))`},
	"hhh": {"", `FIt("is focused", func() {}); It("is hidden by the focus", func() {})`},
	"iii": {"", `It("is not chosen either", Label("nightly"), func() { Fail("it ran") })`},
}

// compileAsThisTest needs no second standard library, which would take longer to compile than all suites here.
var compileAsThisTest = suiteCompiler{flags: testkit.BuildFlags}.compile

// suitesRepository makes a repository of suites beside this one's modules.
func suitesRepository(t *testing.T, suites map[string][2]string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", name))
		testkit.Must(t, err)
		testkit.Must(t, os.WriteFile(filepath.Join(root, name), text, 0o600))
	}
	for folder, source := range suites {
		path := filepath.Join(root, "scenarios", folder, folder+"_test.go")
		testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		testkit.Must(t, os.WriteFile(path, fmt.Appendf(nil, suiteSource, folder, source[0], source[1]), 0o600))
	}
	return root
}

// Goal: what real suites do to a run is what the scripts of the other tests do: a suite that passes does not hide one that
// cannot prepare itself, is killed, cannot be compiled, exits, is focused or fails. Method: suites of this repository's own
// runner, compiled and run.
func TestRealSuitesThatAreLost(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles nine suites")
	}
	var out strings.Builder
	run := ofSuites(t, &out, Options{Labels: "!nightly", Seed: 7, Repeat: 1}, nil)
	run.root, run.compile = suitesRepository(t, realSuites), compileAsThisTest
	run.Folders = slices.Sorted(maps.Keys(realSuites))
	if err := run.all(t.Context()); !errors.Is(err, errIncomplete) {
		t.Errorf("the run ends with %v", err)
	}
	// One spec of aaa and the focused one of hhh passed. Failed: bbb and its spec, ccc and its two, ddd, eee and its spec, the
	// setup of fff and its spec, the spec of ggg, hhh.
	if !strings.HasSuffix(out.String(), "\n2 passed, 12 failed, 0 skipped\n") {
		t.Errorf("the last line is another:\n%s", out.String())
	}
	for name, text := range everyFormat(t, run.folder(), out.String()) {
		text = strings.Join(strings.Fields(text), " ")
		for _, want := range []string{
			"make image bbb: no route to host", "bbb needs an image", "layer 59 of the image", "ccc eats the memory",
			"signal 9 (killed)", "undefined: undefinedName",
			"eee is skipped by an exit", "no clouds", "fff needs clouds", "ggg takes too long",
			"some of its specs are focused in the source",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		for _, never := range []string{"is not chosen", "it ran"} {
			if name != "terminal" && strings.Contains(text, never) {
				t.Errorf("%s tells of a spec that nobody chose: %q", name, never)
			}
		}
	}
}

// Goal: packages that patterns name are compiled and run as scenarios are, also when several end alike, and the module's own
// folder. Method: suites at such folders, each of which leaves its own report.
func TestPackagesThatEndAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles three suites")
	}
	root := suitesRepository(t, nil)
	for folder, spec := range map[string]string{"drills/a/rain": "falls", "drills/b/rain": "freezes", ".": "is the sea"} {
		path := filepath.Join(root, folder, "rain_test.go")
		testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		source := fmt.Appendf(nil, suiteSource, "rain", "", `It("`+spec+`", func() {})`)
		testkit.Must(t, os.WriteFile(path, source, 0o600))
	}
	var out strings.Builder
	run := ofSuites(t, &out, Options{Seed: 7, Repeat: 1}, nil)
	run.root, run.compile, run.Folders = root, compileAsThisTest, []string{".", "./drills/a/rain", "./drills/b/rain"}
	if err := run.all(t.Context()); err != nil {
		t.Errorf("the run ends with %v", err)
	}
	for _, want := range []string{"(. 1, ./drills/a/rain 1, ./drills/b/rain 1)", "\n3 passed, 0 failed, 0 skipped\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if scenario := run.suites[0].scenario(); scenario != filepath.Base(root) {
		t.Errorf("the drills of the module's own folder are reported as %s", scenario)
	}
}

// Goal: a person sees what is compiled before it takes long, and afterwards how long it took; what is quick is one line. Method:
// compilers that take their time, by the test's clock.
func TestCompilingSaysWhatTakesLong(t *testing.T) {
	const line = "compile flood, ./drills, with what they import: a minute the first time, seconds later\n"
	for took, want := range map[time.Duration]string{46 * time.Second: line + "compiled in 46s\n", time.Second: line} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			run := &chaosRun{Options: Options{Folders: []string{"flood", "./drills"}}, out: &out}
			run.compile = func(context.Context, string, string, []string) ([]suite, error) {
				if out.String() != line {
					t.Errorf("before it begins it says %q", out.String())
				}
				time.Sleep(took)
				return nil, nil
			}
			testkit.Must(t, run.compileAll(t.Context()))
			if out.String() != want {
				t.Errorf("it says %q, want %q", out.String(), want)
			}
		})
	}
}
