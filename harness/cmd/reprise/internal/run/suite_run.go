package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// held are the open files that all processes of the run hold.
func (r *chaosRun) held() []*os.File {
	if r.lock == nil {
		return nil
	}
	return []*os.File{r.lock.File()}
}

// orphans tells the supervisor of the suites what to do for this command should it be killed: to tidy up.
func (r *chaosRun) orphans() []string {
	arguments := []string{"--compiled=" + r.compiled}
	if !r.Keep {
		arguments = append(arguments, "--run="+r.id)
	}
	return arguments
}

// Limits of a run's suites, all of a pass together, because a spec's covers that spec alone.
const (
	suitesLimit = 3 * time.Hour
	// graceful is how long an interrupted spec may take to notice, before it is left behind.
	graceful = time.Minute
)

// arguments are those of a suite that runs.
func (r *chaosRun) arguments(seed int64, report string, limit time.Duration) []string {
	arguments := append(r.choosingArguments(seed, report),
		"--ginkgo.v", "--ginkgo.timeout="+limit.String(), "--ginkgo.grace-period="+graceful.String())
	if !r.color {
		arguments = append(arguments, "--ginkgo.no-color")
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		arguments = append(arguments, "--ginkgo.github-output")
	}
	return arguments
}

// config is what a suite is told about the run.
func (r *chaosRun) config(one suite, seed int64, pass string) contract.Config {
	return contract.Config{
		RunDir: r.folder(), Control: r.control, Pass: pass, RepeatWith: r.repeatSpec(one, seed), Seed: seed,
		CleanWith: module.Command("clean"), Phase: r.drawsPhase(), Keep: r.Keep, Live: r.color,
	}
}

// environment is that of a suite's process, besides this one's.
func (r *chaosRun) environment(one suite, seed int64, pass string) []string {
	return append(r.config(one, seed, pass).Environment(), r.more...)
}

// A suiteResult is what came back of a suite, beside what was planned.
type suiteResult struct {
	suitePlan
	ending
	notBegun string // why the suite was not started; "" when it was
	reports  []types.Report
	unread   error  // why its report cannot be read
	output   string // the end of what it printed
}

// runSuites runs the suites of a plan one after the other, since drills measure time, and leaves their reports in a folder
// of that name. After an interrupt those that are left are not begun. An error is one of starting and stopping processes.
func (r *chaosRun) runSuites(
	chosen plan, interrupted bool, name string, seed int64, pass string, signals <-chan os.Signal,
) ([]suiteResult, error) {
	folder := filepath.Join(r.runnerReports(), name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the runner's reports: %w", err)
	}
	end := time.Now().Add(suitesLimit)
	var results []suiteResult
	var problems error
	for _, one := range chosen {
		result := suiteResult{suitePlan: one}
		switch left := time.Until(end); {
		case one.problem != nil, len(one.specs) == 0:
		case r.imageless[one.folder] != nil:
			result.problem, result.notBegun = r.imageless[one.folder], noImages
		case interrupted:
			result.interrupted, result.notBegun = true, "interrupted"
		case left <= 0:
			result.notBegun = fmt.Sprintf("the limit of %v for all suites was over", suitesLimit)
		default:
			report := filepath.Join(folder, one.fileName()+".json")
			out := &tail{to: r.out}
			process := suiteProcess{
				path: one.program, folder: r.suiteFolder(one.suite), out: out, orphans: r.orphans(), held: r.held(),
				arguments: r.arguments(seed, report, left), environment: r.environment(one.suite, seed, pass),
			}
			var err error
			result.ending, err = process.run(signals)
			problems = errors.Join(problems, err)
			interrupted = result.interrupted
			result.reports, result.unread = outcome.Read(report)
			result.output = out.text()
		}
		results = append(results, result)
	}
	return results, problems
}

// ran tells whether the suite was started.
func (s suiteResult) ran() bool { return s.problem == nil && s.notBegun == "" && len(s.specs) > 0 }

// failure is that of the suite itself, besides its specs; nil when there is none.
func (s suiteResult) failure() *reports.Failure {
	if s.problem != nil {
		return s.problem
	}
	if !s.ran() {
		return nil
	}
	switch {
	case errors.Is(s.unread, fs.ErrNotExist):
		return suiteFailure(s.suite, "it ended before it wrote a report: "+s.status, s.output)
	case s.unread != nil:
		return suiteFailure(s.suite, fmt.Sprintf("it ended with %s, and its report is broken: %v", s.status, s.unread), s.output)
	}
	failed := slices.ContainsFunc(s.reports, func(suite types.Report) bool {
		return slices.ContainsFunc(suite.SpecReports,
			outcome.Failed)
	})
	if s.code == 0 && s.succeeded() || s.code == 1 && failed {
		return nil
	}
	return suiteFailure(s.suite, s.complaint(), s.output)
}

// succeeded tells whether the reports say that all is well.
func (s suiteResult) succeeded() bool {
	return !slices.ContainsFunc(s.reports, func(suite types.Report) bool { return !suite.SuiteSucceeded })
}

// complaint says what is wrong with a suite whose specs do not say it.
func (s suiteResult) complaint() string {
	var reasons []string
	for _, suite := range s.reports {
		reasons = append(reasons, suite.SpecialSuiteFailureReasons...)
	}
	if s.code == types.GINKGO_FOCUS_EXIT_CODE {
		reasons = append(reasons, "some of its specs are focused in the source (FIt, Focus), and the others did not run: remove "+
			"that, and choose with --focus (make: FOCUS=)")
	}
	if len(reasons) == 0 {
		reasons = append(reasons, fmt.Sprintf("it ended with %s although no spec says why", s.status))
	}
	return strings.Join(reasons, "\n")
}

// withoutOutcome are the planned specs of which nothing came back. A spec that the runner left out without a word has
// none: it was chosen.
func (s suiteResult) withoutOutcome() []plannedSpec {
	var reported []plannedSpec
	for _, suite := range s.reports {
		for _, spec := range suite.SpecReports {
			if spec.LeafNodeType.Is(types.NodeTypeIt) && wasSelected(spec) {
				reported = append(reported, planned(spec))
			}
		}
	}
	return without(s.specs, reported)
}

// why says what kept specs from having an outcome.
func (s suiteResult) why() string {
	switch {
	case s.notBegun != "":
		return s.notBegun
	case s.unread != nil && s.interrupted:
		return "interrupted, and its suite left no report: " + s.status
	case s.interrupted:
		return "interrupted"
	case s.unread != nil:
		return "its suite left no report: " + s.status
	case s.code != 0:
		return "its suite did not get there: " + s.status
	}
	return "its suite says nothing of it"
}

// whyNeverRan is the headline of a spec without outcome. Nobody knows how far a suite got that left no report.
func (s suiteResult) whyNeverRan() string {
	if s.unread != nil {
		return "never ran to its end: " + s.why()
	}
	return "never ran: " + s.why()
}
