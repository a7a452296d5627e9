package conduct

import (
	"io"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// skipped is the panic by which a failedTest is skipped.
type skipped string

// A failedTest is one that has failed.
type failedTest struct {
	Test // what the tests below do not need panics
	out  io.Writer
}

func (failedTest) Helper()             {}
func (failedTest) Failed() bool        { return true }
func (t failedTest) Output() io.Writer { return t.out }
func (failedTest) Skip(message string) { panic(skipped(message)) }

// Goal: after a lab was kept no other comes up beside it: what follows is skipped with the reason, in whichever suite of the run,
// and the next run is not. Method: a lab without nodes that is kept, and a test of the same run and of another one.
func TestNothingRunsBesideAKeptLab(t *testing.T) {
	var out strings.Builder
	test := failedTest{out: &out}
	kept := contract.Config{RunDir: t.TempDir(), CleanWith: "make clean", Keep: true}
	takeDown(test, kept, &lab.Lab{ID: "beef"})
	if !strings.Contains(out.String(), "kept lab beef") {
		t.Errorf("it says %q", out.String())
	}
	start := func(config contract.Config) (reason any) {
		defer func() { reason = recover() }()
		Start(t.Context(), test, config, harness.Topology{})
		return nil
	}
	const want = skipped("never ran: lab beef, of a spec that failed before, was kept; remove it with `make clean`")
	if got := start(kept); got != want {
		t.Errorf("the next drill of the run: %v", got)
	}
	if got := start(contract.Config{RunDir: t.TempDir()}); got == want {
		t.Errorf("a drill of the next run: %v", got)
	}
}
