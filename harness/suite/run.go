package suite

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// The environment by which the CLI tells the suites about the run they belong to.
const (
	// runFolder is where records go. Without it the suite was not started by `make chaos`.
	runFolder = "REPRISE_RUN_DIR"
	// keepLab keeps the lab of a failed spec for a person to look at.
	keepLab = "REPRISE_KEEP"
	// controlArm is the control arm that all drills of the run are; "" in an ordinary run.
	controlArm = "REPRISE_CONTROL"
	// passNumber counts the passes of a repeated run from 1; "" in a run of one pass.
	passNumber = "REPRISE_PASS"
	// drawPhase puts every fault off by a time drawn from the seed.
	drawPhase = "REPRISE_PHASE"
	// liveProgress says that standard output ends on a terminal, which a suite cannot see for itself.
	liveProgress = "REPRISE_LIVE"
	// onlyImages has the suite make the images of the specs that will run, and run none.
	onlyImages = "REPRISE_IMAGES"
)

// internalTargets are the commands of the suites that are no scenarios, by their folder's name.
var internalTargets = map[string]string{"verdicts": "make verdicts", "calibration": "make calibrate", "survival": "make survive"}

// command is the line that runs the suite of a folder.
func command(folder string) string {
	if target, internal := internalTargets[folder]; internal {
		return target
	}
	return "make chaos LABELS=" + folder
}

// A Topology is one whose images a suite wants before any of its drills is timed.
type Topology struct {
	label    string
	topology harness.Topology
}

// Prepare names a topology that most specs use.
func Prepare(topology harness.Topology) Topology { return Topology{topology: topology} }

// PrepareFor names a topology that only specs with the label use: its images are left alone when none
// of them runs.
func PrepareFor(label string, topology harness.Topology) Topology { return Topology{label, topology} }

// Run runs the specs of a scenario folder. Every spec carries the folder's name as a label. Started
// by a plain `go test` it skips: drills need a container engine and minutes.
func Run(t *testing.T, scenario string, needs ...Topology) {
	t.Helper()
	if os.Getenv(runFolder) == "" {
		t.Skipf("%s needs a container engine and minutes: run `%s` (it sets %s)", scenario, command(scenario), runFolder)
	}
	if _, err := controlled(os.Getenv(controlArm)); err != nil {
		t.Fatal(err)
	}
	supervise.InterruptOrphan()
	gomega.RegisterFailHandler(ginkgo.Fail)
	labels := ginkgo.Label(scenario)
	if configuration, _ := ginkgo.GinkgoConfiguration(); !configuration.DryRun { // which only says what would run
		resolveImages(t, ginkgo.PreviewSpecs(scenario, labels), needs)
	}
	if os.Getenv(onlyImages) != "" {
		return
	}
	ginkgo.RunSpecs(t, scenario, labels)
}

// resolveImages pulls or builds what the selected specs need, so that no build runs while a drill
// is being timed and no spec's time limit has to allow for one.
func resolveImages(t *testing.T, preview ginkgo.Report, needs []Topology) {
	t.Helper()
	var topologies []harness.Topology
	for _, need := range needs {
		if selected(preview, need.label) {
			topologies = append(topologies, need.topology)
		}
	}
	if len(topologies) == 0 {
		return // no spec of this folder will run
	}
	ctx, stop := untilInterrupted()
	defer stop()
	connection, err := engine.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := image.Prepare(ctx, connection, progress(), topologies...); err != nil {
		t.Fatal(err)
	}
}

// untilInterrupted is a context that ends when somebody ends the run. The runner's preview leaves a handler behind
// that takes these signals and does nothing: without this one Ctrl-C would wait for a build to end.
func untilInterrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// selected tells whether a spec that will run has the label; the empty label stands for any spec.
func selected(preview ginkgo.Report, label string) bool {
	return slices.ContainsFunc(preview.SpecReports, func(spec ginkgo.SpecReport) bool {
		runs := spec.LeafNodeType.Is(types.NodeTypeIt) && !spec.State.Is(types.SpecStateSkipped|types.SpecStatePending)
		return runs && (label == "" || slices.Contains(spec.Labels(), label))
	})
}

// progress shows what the lab does: in place on a terminal, line by line elsewhere.
func progress() image.Progress {
	if os.Getenv(onlyImages) != "" {
		return image.Plain(os.Stdout) // for who has started the suite
	}
	if os.Getenv(liveProgress) != "" {
		return lab.Live(os.Stdout)
	}
	return image.Plain(ginkgo.GinkgoWriter)
}
