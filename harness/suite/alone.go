package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/harness/suite/plaintest"
	"github.com/reprise-dr/reprise/reports"
)

// alone begins the run of a suite that a plain `go test` has started, which ends with a report when the specs have, or skips the
// test where drills are not wanted. The runner then interrupts specs in time for them to close before `go test` ends. What would
// keep anything from being checked is an error before the engine is taken; preview is what would run.
func alone(
	t *testing.T, config contract.Config, runner *types.SuiteConfig, deadline time.Time, needs []Topology,
) (_ contract.Config, preview ginkgo.Report) {
	t.Helper()
	root := plaintest.Root(t)
	if runner.DryRun { // which leaves nothing
		return config, preview
	}
	ctx, stop := plaintest.Interruptible(deadline)
	defer stop()
	preview, err := dryRun(ctx, t.Name(), config, *runner)
	switch {
	case err != nil:
	case !selected(preview, ""):
		focus := strings.Join(slices.Concat(runner.FocusStrings, runner.SkipStrings), " ")
		err = errors.New(outcome.NothingChosen(runner.LabelFilter, focus, preview))
	default:
		err = knownLabels(preview, needs)
	}
	if err != nil {
		t.Fatal(err)
	}
	run, err := plaintest.Begin(ctx, root, os.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := run.End(context.Background(), config.Keep); err != nil {
			t.Error(err)
		}
	})
	if !given("ginkgo.timeout") {
		runner.Timeout = plaintest.Limit(deadline)
	}
	seed := fmt.Sprintf("-ginkgo.seed=%d", runner.RandomSeed)
	config = run.Config(config, seed+" -ginkgo.focus='"+contract.Spec+"$'", runner.RandomSeed)
	run.Command += " " + seed + choosing(*runner)
	for _, variable := range config.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	ginkgo.ReportAfterSuite("the report of the run", func(report ginkgo.Report) {
		if err := reportAlone(run, config, report); err != nil {
			ginkgo.Fail(err.Error())
		}
	})
	return config, preview
}

// given tells whether `go test` was given the flag.
func given(name string) bool {
	found := false
	flag.Visit(func(one *flag.Flag) { found = found || one.Name == name })
	return found
}

// choosing are the flags that choose the specs which run, for a shell.
func choosing(runner types.SuiteConfig) string {
	words := ""
	add := func(name string, values ...string) {
		for _, value := range values {
			words += " -ginkgo." + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
	}
	add("focus", runner.FocusStrings...)
	add("skip", runner.SkipStrings...)
	if runner.LabelFilter != "" {
		add("label-filter", runner.LabelFilter)
	}
	return words
}

// reportAlone writes the report of specs that have ended.
func reportAlone(run *plaintest.Run, config contract.Config, report ginkgo.Report) error {
	records, err := reports.ReadRecords(run.Folder)
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the folder of the specs: %w", err)
	}
	var ended outcome.Outcome
	ended.AddSpecs(filepath.Base(here), report, config.Pass, records)
	if ended.Passed+len(ended.Failures)+len(ended.Skips) == 0 {
		return errors.New("no spec was chosen: nothing was checked")
	}
	return run.Report(os.Stdout, config.Control, config.Seed, ended.Failures, ended.Skips)
}
