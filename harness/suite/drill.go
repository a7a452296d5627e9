package suite

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite/conduct"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/plaintest"
	"github.com/reprise-dr/reprise/reports"
)

// A Drill is a harness drill with its lab, as a spec uses it.
type Drill = conduct.Drill

// An Option changes what is usual for a drill.
type Option = conduct.Option

// PhaseSpan is for systems that beat more slowly than once a second: the fault of a repeated drill falls
// anywhere in that span, which should be a multiple of every beat.
func PhaseSpan(span time.Duration) Option { return conduct.PhaseSpan(span) }

// Begin brings the topology up and begins a drill in it. When the spec is over, however it ended,
// the fault is lifted, the record written and the lab taken away. Anything that keeps it from
// coming up fails the spec.
func Begin(ctx ginkgo.SpecContext, topology harness.Topology, objective harness.Objective, options ...Option) *Drill {
	ginkgo.GinkgoHelper()
	spec := ctx.SpecReport()
	runner, _ := ginkgo.GinkgoConfiguration()
	return conduct.Begin(ctx, test{}, run(), conduct.Spec{
		Text: spec.FullText(), Title: reports.Title(spec.ContainerHierarchyTexts, spec.LeafNodeText), Labels: spec.Labels(),
		Scenario: filepath.Base(filepath.Dir(spec.FileName())), Seed: runner.RandomSeed,
	}, topology, objective, options...)
}

// Start brings the topology up for a spec that asserts something without being a drill, and takes
// it away when the spec is over. Such a spec has no control arms.
func Start(ctx ginkgo.SpecContext, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	config := run()
	if config.Control != contract.WholeDrill {
		conduct.Say(test{}, conduct.NotADrill)
	}
	return conduct.Start(ctx, test{}, config, topology)
}

// A test is the spec that runs now.
type test struct{}

// callerOfHelper has the runner name who called the function that calls Helper.
const callerOfHelper = 1

func (test) Helper()             { types.MarkAsHelper(callerOfHelper) }
func (test) Step(text string)    { ginkgo.By(shown(text)) }
func (test) Fail(message string) { ginkgo.Fail(shown(message), callerOfHelper) }
func (test) Skip(message string) { ginkgo.Skip(shown(message), callerOfHelper) }
func (test) Failed() bool        { return ginkgo.CurrentSpecReport().Failed() }
func (test) Cleanup(do func())   { ginkgo.DeferCleanup(do) }

// Output is what the runner shows, which is everything with -ginkgo.v and else what belongs to specs that have failed.
func (test) Output() io.Writer {
	_, reporter := ginkgo.GinkgoConfiguration()
	return plaintest.Output(ginkgo.GinkgoWriter, reporter.Verbosity() >= types.VerbosityLevelVerbose)
}

func (test) BrokenOff() string { return brokenOff(ginkgo.CurrentSpecReport().State) }

// brokenOff says what has ended a spec of that state from outside; "" when nothing has.
func brokenOff(state types.SpecState) string {
	if state.Is(types.SpecStateInterrupted | types.SpecStateTimedout | types.SpecStateAborted) {
		return state.String()
	}
	return ""
}

func (test) Ended(end contract.Ending) {
	ginkgo.AddReportEntry(contract.ControlEntry, end, ginkgo.ReportEntryVisibilityNever)
}

// passedEarly is the panic by which a spec ends that has passed before its end.
type passedEarly struct{}

// canPassEarly tells whether the specs run within [passesEarly].
var canPassEarly bool

// passesEarly lets the specs of a suite pass before their end, for which the runner itself has no way.
func passesEarly() types.AroundNodeDecorator {
	canPassEarly = true
	return ginkgo.AroundNode(func(ctx context.Context, body func(context.Context)) {
		defer func() {
			if problem := recover(); problem != nil && problem != (passedEarly{}) {
				panic(problem)
			}
		}()
		body(ctx)
	})
}

func (t test) Pass(message string) {
	if !canPassEarly { // somebody else than Run runs the specs
		t.Skip(message)
	}
	fmt.Fprintln(t.Output(), message)
	panic(passedEarly{})
}
