// Package drilltest makes a drill of a plain test, without Ginkgo:
//
//	func TestPowerLoss(t *testing.T) {
//		drill := drilltest.Begin(t, topology(), harness.Objective{RTO: time.Minute, NoData: true})
//		ctx := drill.Context()
//		drill.Must(drill.Baseline(ctx, steady))
//		drill.Must(drill.Inject(ctx, fault.PowerLoss{Node: "db-1"}))
//		drill.Must(drill.Detect(ctx, steady))
//		drill.Must(drill.Repair(ctx, runbook.PowerOn{Node: "db-1"}))
//		drill.Must(drill.AwaitRecovery(ctx, steady))
//	}
//
// `go test` runs it, makes a folder with its record and a report below reports/out of the module, and says where that is; it skips
// the test with -short. All drills of a package are one run. The test fails unless the verdict is as claimed. With
// REPRISE_CONTROL=without-fault or without-runbook it is a control arm, which ends where it must go red: as skipped, with that
// reason, since package testing has no other early end.
package drilltest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/plaintest"
	"github.com/reprise-dr/reprise/reports"
)

// An Option changes what is usual for a drill.
type Option = conduct.Option

// PhaseSpan is for systems that beat more slowly than once a second: with REPRISE_PHASE=1 the fault of a drill falls anywhere in
// that span, which should be a multiple of every beat.
func PhaseSpan(span time.Duration) Option { return conduct.PhaseSpan(span) }

// A Drill is a harness drill with its lab, as a test uses it.
type Drill struct {
	*conduct.Drill
	test *test
}

// Context ends when somebody interrupts `go test`, and in time to close before its -timeout does.
func (d *Drill) Context() context.Context { return d.test.ctx }

// Must fails the test, and ends it, when a step has gone wrong. It says why without the secrets of the topology, which
// [testing.TB.Fatal] would print of an error that is no step's.
func (d *Drill) Must(err error) {
	d.test.Helper()
	if err != nil {
		d.test.Fail(redact.Text(err.Error()))
	}
}

// Begin brings the topology up and begins a drill in it. When the test is over, however it ended, the drill is judged unless it
// has been, the fault is lifted, the record and the report are written and the lab is taken away. Anything that keeps it from
// coming up fails the test. Drills measure time: such a test must not be parallel to others.
func Begin(t testing.TB, topology harness.Topology, objective harness.Objective, options ...Option) *Drill {
	t.Helper()
	return begin(t, func(test *test, config contract.Config, spec conduct.Spec) *conduct.Drill {
		return conduct.Begin(test.ctx, test, config, spec, topology, objective, options...)
	})
}

// begin has a drill begun in the run of the package, and ends it with the test.
func begin(t testing.TB, how func(test *test, config contract.Config, spec conduct.Spec) *conduct.Drill) *Drill {
	t.Helper()
	config, err := contract.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	deadline := deadlineOf(t)
	ctx, stop := plaintest.Interruptible(deadline)
	t.Cleanup(stop)
	run := theRun(ctx, t)
	if config.Seed == 0 {
		config.Seed = run.seed
	}
	config = run.Config(config, "-run='^"+contract.Spec+"$'", config.Seed)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	spec := conduct.Spec{Text: t.Name(), Title: t.Name(), Scenario: filepath.Base(here), Seed: config.Seed}
	test := &test{TB: t, ctx: ctx}
	t.Cleanup(func() { run.ended(test, config, spec) })
	if run.interrupted {
		test.Fail("it never began: an earlier drill was interrupted")
	}
	drill := &Drill{how(test, config, spec), test}
	t.Cleanup(drill.judgeAtTheEnd)
	return drill
}

// judgeAtTheEnd has the verdict decide the test, where nobody has asked for it before.
func (d *Drill) judgeAtTheEnd() {
	if d.test.Failed() || d.test.Skipped() || d.test.BrokenOff() != "" || d.Record().Judgement.Verdict != "" {
		return
	}
	if err := d.Judge(); err != nil {
		d.test.why = err.Error()
		d.test.Error(err)
	}
}

// A test is a plain test, as a drill knows it.
type test struct {
	testing.TB
	ctx context.Context
	why string // it failed or was skipped
}

func (t *test) Step(text string) { fmt.Fprintln(t.Output(), text) }

func (t *test) Output() io.Writer { return plaintest.Output(t.TB.Output(), testing.Verbose()) }

// Pass skips the test: package testing has no other way to end one that has not failed.
func (t *test) Pass(message string) { t.Helper(); t.Skip(message) }

func (t *test) Fail(message string) {
	t.Helper()
	t.why = message
	t.Fatal(message)
}

func (t *test) Skip(message string) {
	t.Helper()
	t.why = message
	t.TB.Skip(message)
}

func (t *test) BrokenOff() string {
	if t.ctx.Err() == nil {
		return ""
	}
	return fmt.Sprintf("interrupted (%v)", context.Cause(t.ctx))
}

func (*test) Ended(contract.Ending) {} // which Fail and Skip say too

// deadlineOf is when `go test` ends; the zero time means never, and also that t does not tell, as that of a benchmark.
func deadlineOf(t testing.TB) time.Time {
	if one, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		deadline, _ := one.Deadline()
		return deadline
	}
	return time.Time{}
}

// A testRun is the run of all drills of the package. Its tests are not parallel.
type testRun struct {
	*plaintest.Run
	seed        int64
	interrupted bool
	failures    []reports.Failure
	skips       []reports.Skip
}

var (
	running sync.Mutex
	current *testRun // nil until the first drill begins
)

// theRun is that of the package, which the first drill begins. It has the engine until the program ends.
func theRun(ctx context.Context, t testing.TB) *testRun {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	if current != nil {
		return current
	}
	root := plaintest.Root(t)
	run, err := plaintest.Begin(ctx, root, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	current = &testRun{Run: run, seed: time.Now().Unix()}
	return current
}

// ended takes how a test has ended, and writes the report of all that have.
func (r *testRun) ended(test *test, config contract.Config, spec conduct.Spec) {
	running.Lock()
	defer running.Unlock()
	r.interrupted = r.interrupted || test.BrokenOff() != ""
	switch {
	case test.Failed():
		why := cmp.Or(test.why, "the test failed, and go test says why")
		r.failures = append(r.failures, reports.Failure{Scenario: spec.Scenario, Title: spec.Title, Message: why})
	case test.Skipped():
		r.skips = append(r.skips, reports.Skip{Scenario: spec.Scenario, Title: spec.Title, Reason: test.why})
	}
	if err := r.Report(os.Stdout, config.Control, config.Seed, r.failures, r.skips); err != nil {
		test.Error(err)
	}
}
