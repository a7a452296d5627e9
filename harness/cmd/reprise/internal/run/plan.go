package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// A plan is what the suites say they will run in one pass, before anything has started: what came back is
// held against it.
type plan []suitePlan

// A suitePlan is the part of one suite.
type suitePlan struct {
	suite
	specs   []plannedSpec
	dry     []types.Report   // what the suite says of all its specs
	problem *reports.Failure // why nobody knows what the suite would run; nil when that is known
}

// A plannedSpec is a spec that the labels and the focus choose.
type plannedSpec struct {
	title string
	text  string // the whole text, of which the record's ID is made
	place string // file and line
}

// planned reads a spec of the runner's report as a plan knows it.
func planned(spec types.SpecReport) plannedSpec {
	place := spec.LeafNodeLocation
	return plannedSpec{
		title: outcome.Title(spec), text: spec.FullText(), place: fmt.Sprintf("%s:%d", filepath.Base(place.FileName), place.LineNumber),
	}
}

// specs counts what the plan chooses.
func (p plan) specs() int {
	count := 0
	for _, one := range p {
		count += len(one.specs)
	}
	return count
}

// nothingChosen refuses a plan in which nothing would run. A suite that does not say what it would run is told in the report.
func (p plan) nothingChosen(labels, focus string) error {
	var dry []types.Report
	for _, one := range p {
		if one.problem != nil || len(one.specs) > 0 {
			return nil
		}
		dry = append(dry, one.dry...)
	}
	return usage.Errorf("%s", outcome.NothingChosen(labels, focus, dry...))
}

// chooses tells whether some spec of the suite is to run.
func (p plan) chooses(one suite) bool {
	return slices.ContainsFunc(p, func(part suitePlan) bool { return part.folder == one.folder && len(part.specs) > 0 })
}

// planLimit is how long a suite may take to say what it would run: it starts nothing.
const planLimit = 2 * time.Minute

// plan asks every suite which specs it would run with the seed, as the pass of that name.
func (r *chaosRun) plan(ctx context.Context, seed int64, pass string) (plan, error) {
	var whole plan
	for _, one := range r.suites {
		part, err := r.planSuite(ctx, one, seed, pass)
		if err != nil {
			return nil, err
		}
		whole = append(whole, part)
	}
	return whole, whole.checkIDs()
}

// planSuite runs one suite dry. A suite that cannot say what it would run is a failure of the run and no error: the others run.
func (r *chaosRun) planSuite(ctx context.Context, one suite, seed int64, pass string) (suitePlan, error) {
	if one.program == "" {
		return suitePlan{suite: one, problem: suiteFailure(one, "it cannot be compiled", one.problem)}, nil
	}
	report := filepath.Join(r.runnerReports(), "planned.json")
	if err := os.RemoveAll(report); err != nil {
		return suitePlan{}, fmt.Errorf("plan the run: %w", err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, planLimit, fmt.Errorf("it did not say within %v", planLimit))
	defer cancel()
	arguments := append(r.choosingArguments(seed, report), "--ginkgo.dry-run", "--ginkgo.no-color")
	text, runErr := combinedOutput(limited, r.suiteFolder(one), r.environment(one, seed, pass), one.program, arguments...)
	if ctx.Err() != nil {
		return suitePlan{}, context.Cause(ctx)
	}
	suites, err := outcome.Read(report)
	switch {
	case limited.Err() != nil:
		err = context.Cause(limited)
	case err != nil && runErr != nil:
		err = runErr
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("none of its Test functions calls suite.Run")
	}
	if err != nil {
		return suitePlan{suite: one, problem: suiteFailure(one, fmt.Sprintf("it does not say what it would run: %v", err),
			lastLines(text, tailLines))}, nil
	}
	return suitePlan{suite: one, specs: willRun(suites), dry: suites}, os.Remove(report)
}

// suiteFailure is a failure outside of specs.
func suiteFailure(one suite, message, output string) *reports.Failure {
	return &reports.Failure{
		Scenario: one.scenario(), Title: "the suite", Kind: reports.SuiteFailed, Message: message,
		Output: output,
	}
}

// willRun are the specs that a dry run would have run: it calls them passed.
func willRun(suites []types.Report) []plannedSpec {
	var specs []plannedSpec
	for _, suite := range suites {
		for _, spec := range suite.SpecReports {
			if spec.LeafNodeType.Is(types.NodeTypeIt) && spec.State.Is(types.SpecStatePassed) {
				specs = append(specs, planned(spec))
			}
		}
	}
	return specs
}

// checkIDs refuses a plan in which two specs would leave the same record: the second one would replace the first.
func (p plan) checkIDs() error {
	taken := map[string]string{}
	for _, one := range p {
		for _, spec := range one.specs {
			id, where := reports.RecordID(spec.text), fmt.Sprintf("%q (%s/%s)", spec.title, one.folder, spec.place)
			if other, twice := taken[id]; twice {
				return fmt.Errorf("plan the run: the specs %s and %s would both leave the record %s: give one of them another text", other,
					where, id)
			}
			taken[id] = where
		}
	}
	return nil
}

// choosingArguments are those that decide which specs run, in which order, and where the report goes.
func (r *chaosRun) choosingArguments(seed int64, report string) []string {
	arguments := []string{"--test.timeout=0", "--ginkgo.seed=" + strconv.FormatInt(seed, 10), "--ginkgo.json-report=" + report}
	if r.Labels != "" {
		arguments = append(arguments, "--ginkgo.label-filter="+r.Labels)
	}
	if r.Focus != "" {
		arguments = append(arguments, "--ginkgo.focus="+r.Focus)
	}
	return arguments
}

// suiteFolder is where a suite's sources are, in which it runs.
func (r *chaosRun) suiteFolder(one suite) string {
	return filepath.Join(r.root, filepath.FromSlash(repository.SourceFolder(one.folder)))
}

// without are the planned specs that are not among those; each of them accounts for one.
func without(specs, those []plannedSpec) []plannedSpec {
	left := slices.Clone(those)
	return slices.DeleteFunc(slices.Clone(specs), func(spec plannedSpec) bool {
		index := slices.Index(left, spec)
		if index >= 0 {
			left = slices.Delete(left, index, index+1)
		}
		return index >= 0
	})
}

// describe says how much will run.
func (p plan) describe() string {
	var folders []string
	for _, one := range p {
		if len(one.specs) > 0 {
			folders = append(folders, fmt.Sprintf("%s %d", one.folder, len(one.specs)))
		}
	}
	if len(folders) == 0 {
		return "no spec was chosen"
	}
	return fmt.Sprintf("specs that were chosen: %d (%s)", p.specs(), strings.Join(folders, ", "))
}
