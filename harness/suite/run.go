package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/harness/suite/plaintest"
)

// A Topology is one whose images a suite wants before any of its drills is timed.
type Topology struct {
	label    string
	topology harness.Topology
}

// Prepare names a topology that most specs use.
func Prepare(topology harness.Topology) Topology { return Topology{topology: topology} }

// PrepareFor names a topology that only specs with the label use: its images are left alone when none
// of them runs. A label that no spec has fails the suite.
func PrepareFor(label string, topology harness.Topology) Topology { return Topology{label, topology} }

// Run runs the specs of a suite. Every spec carries the scenario's name as a label. Started by a plain `go test` it makes a run of
// its own below reports/out of the module, with a report, and skips where that is not wanted: with -short, and in a clone of
// Reprise unless REPRISE_DRILLS=1.
func Run(t *testing.T, scenario string, needs ...Topology) {
	t.Helper()
	config, err := contract.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if config.Findings != "" {
		examine(t, config.Findings, needs)
		return
	}
	runner, reporter := ginkgo.GinkgoConfiguration()
	var preview ginkgo.Report
	if config.RunDir == "" {
		reporter.Verbose = reporter.Verbose || testing.Verbose() && reporter.Verbosity() == types.VerbosityLevelNormal
		deadline, _ := t.Deadline()
		config, preview = alone(t, config, &runner, deadline, needs)
	}
	supervise.InterruptOrphan()
	gomega.RegisterFailHandler(failWithoutSecrets)
	labels := ginkgo.Label(scenario)
	if !runner.DryRun && len(needs) > 0 { // a dry run only says what would run
		resolveImages(t, config, runner, needs, preview)
	}
	if config.Images {
		return
	}
	arguments := []any{labels, runner, reporter, writesNoSecrets()}
	if config.Control != contract.WholeDrill {
		arguments = append(arguments, passesEarly())
	}
	ginkgo.RunSpecs(t, scenario, arguments...)
}

// run is the run that the suite belongs to. What cannot be understood of it fails the spec.
func run() contract.Config {
	ginkgo.GinkgoHelper()
	config, err := contract.FromEnvironment()
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	return config
}

// resolveImages pulls or builds what the selected specs need, so that no build runs while a drill
// is being timed and no spec's time limit has to allow for one. The preview is asked for unless it is there.
func resolveImages(t *testing.T, config contract.Config, runner types.SuiteConfig, needs []Topology, preview ginkgo.Report) {
	t.Helper()
	deadline, _ := t.Deadline()
	ctx, stop := plaintest.Interruptible(deadline)
	defer stop()
	if preview.SpecReports == nil {
		var err error
		if preview, err = dryRun(ctx, t.Name(), config, runner); err != nil {
			t.Fatal(err)
		}
	}
	if err := knownLabels(preview, needs); err != nil {
		t.Fatal(err)
	}
	var topologies []harness.Topology
	for _, need := range needs {
		if selected(preview, need.label) {
			topologies = append(topologies, need.topology)
		}
	}
	if len(topologies) == 0 {
		return // no spec of this folder will run
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := image.Prepare(ctx, connection, progress(config), topologies...); err != nil {
		t.Fatal(err)
	}
}

// dryRun is what the runner would do in the test of that name. It is asked in a process of its own: a preview in this one loses
// the specs that stand in no container.
func dryRun(ctx context.Context, test string, config contract.Config, runner types.SuiteConfig) (ginkgo.Report, error) {
	program, err := os.Executable()
	if err != nil {
		return ginkgo.Report{}, fmt.Errorf("ask which specs would run: %w", err)
	}
	folder, err := os.MkdirTemp("", "reprise-specs-")
	if err != nil {
		return ginkgo.Report{}, fmt.Errorf("ask which specs would run: %w", err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "report.json")
	runner.DryRun, config.Images = true, false
	arguments, err := types.GenerateGinkgoTestRunArgs(runner, types.ReporterConfig{JSONReport: path}, types.GoFlagsConfig{})
	if err != nil {
		return ginkgo.Report{}, fmt.Errorf("ask which specs would run: %w", err)
	}
	arguments = append(arguments, "-test.run=^"+strings.ReplaceAll(regexp.QuoteMeta(test), "/", "$/^")+"$")
	process := exec.CommandContext(ctx, program, arguments...)
	process.Env = append(os.Environ(), config.Environment()...)
	output, runErr := process.CombinedOutput()
	suites, err := outcome.Read(path)
	if err != nil || len(suites) != 1 {
		return ginkgo.Report{}, fmt.Errorf("ask which specs would run: %d reports: %w", len(suites), errors.Join(runErr, err,
			errors.New(string(output))))
	}
	return suites[0], nil
}

// selected tells whether a spec that will run has the label; the empty label stands for any spec.
func selected(preview ginkgo.Report, label string) bool {
	return slices.ContainsFunc(preview.SpecReports, func(spec ginkgo.SpecReport) bool {
		runs := spec.LeafNodeType.Is(types.NodeTypeIt) && !spec.State.Is(types.SpecStateSkipped|types.SpecStatePending)
		return runs && (label == "" || slices.Contains(outcome.LabelsOf(preview, spec), label))
	})
}

// knownLabels refuses a topology for specs with a label that no spec has: its images would never be made before a drill.
func knownLabels(preview ginkgo.Report, needs []Topology) error {
	labels := outcome.Labels(preview)
	for _, need := range needs {
		if need.label != "" && !slices.Contains(labels, need.label) {
			return fmt.Errorf("suite.PrepareFor names the label %q, which no spec of this suite carries: their labels are %s", need.label,
				strings.Join(labels, ", "))
		}
	}
	return nil
}

// progress shows what becomes of images: in place on a terminal, line by line elsewhere.
func progress(config contract.Config) image.Progress {
	if config.Images {
		return image.Plain(os.Stdout) // for who has started the suite
	}
	if config.Live {
		return lab.Live(os.Stdout)
	}
	return image.Plain(ginkgo.GinkgoWriter)
}
