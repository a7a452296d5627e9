package suite

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/reports"
)

// A Drill is a harness drill with its lab, as a spec uses it.
type Drill struct {
	*harness.Drill
	// Lab is the running cluster, for what a spec asserts besides the drill's figures.
	Lab *lab.Lab
}

// closeLimit bounds what is done after a spec, whatever happened in it.
const closeLimit = 3 * time.Minute

// Begin brings the topology up and begins a drill in it. When the spec is over, however it ended,
// the fault is lifted, the record written and the lab taken away. Anything that keeps it from
// coming up fails the spec.
func Begin(ctx ginkgo.SpecContext, topology harness.Topology, objective harness.Objective) *Drill {
	ginkgo.GinkgoHelper()
	if err := objective.Validate(); err != nil {
		ginkgo.Fail(err.Error())
	}
	cluster := Start(ctx, topology)
	conductor, err := harness.NewDrill(cluster, plan(ctx, cluster, objective))
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	drill := &Drill{Drill: conductor, Lab: cluster}
	ginkgo.DeferCleanup(func() { drill.end() })
	return drill
}

// Start brings the topology up for a spec that asserts something without being a drill, and takes
// it away when the spec is over.
func Start(ctx ginkgo.SpecContext, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	cluster, err := lab.Start(ctx, topology, lab.Options{Run: filepath.Base(os.Getenv(runFolder)), Progress: progress()})
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	ginkgo.DeferCleanup(func() { takeDown(cluster) })
	return cluster
}

// plan describes the drill for its record.
func plan(ctx ginkgo.SpecContext, cluster *lab.Lab, objective harness.Objective) harness.Plan {
	spec := ctx.SpecReport()
	configuration, _ := ginkgo.GinkgoConfiguration()
	versions := map[string]string{}
	for _, node := range cluster.Topology().Nodes {
		maps.Copy(versions, node.System.Versions)
	}
	return harness.Plan{
		ID: identifier(spec.FullText()), Scenario: scenario(spec), Title: reports.Title(spec.ContainerHierarchyTexts, spec.LeafNodeText), Labels: spec.Labels(),
		Seed: configuration.RandomSeed, Repeat: repeat(spec, configuration.RandomSeed), Objective: objective, Versions: versions, Engine: cluster.Engine(ctx),
	}
}

// scenario is the folder the spec stands in.
func scenario(spec ginkgo.SpecReport) string {
	return filepath.Base(filepath.Dir(spec.FileName()))
}

// repeat is the line that runs this spec alone once more. It goes through a shell and make: an
// apostrophe would end the quotes, a single dollar would be make's.
func repeat(spec ginkgo.SpecReport, seed int64) string {
	focus := strings.ReplaceAll(regexp.QuoteMeta(spec.FullText()), "'", ".")
	return fmt.Sprintf("make chaos LABELS=%s FOCUS='%s$$' SEED=%d", scenario(spec), focus, seed)
}

// identifier makes a file name out of a spec's text.
func identifier(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, "-")
	if pass := os.Getenv("REPRISE_PASS"); pass != "" {
		name += "-pass-" + pass
	}
	return name
}

// end closes the drill, keeps evidence when the spec failed, and writes the record.
func (d *Drill) end() {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	spec := ginkgo.CurrentSpecReport()
	if spec.Failed() {
		d.keepEvidence(ctx)
	}
	if err := d.Close(ctx); err != nil {
		ginkgo.GinkgoWriter.Printf("closing the drill: %v\n", err)
	}
	record := d.Record()
	verdict := fmt.Sprintf("%s: %s", record.Judgement.Verdict, strings.Join(record.Judgement.Reasons, "; "))
	ginkgo.AddReportEntry("drill", verdict, ginkgo.ReportEntryVisibilityFailureOrVerbose)
	if err := reports.WriteRecord(os.Getenv(runFolder), record); err != nil {
		ginkgo.Fail(err.Error())
	}
	// A fault that could not be lifted turns a verdict that the spec has seen into another one.
	if !spec.Failed() && !record.Judgement.AsClaimed {
		ginkgo.Fail(fmt.Sprintf("after closing, the verdict is %s: %s", record.Judgement.Verdict, strings.Join(record.Judgement.Reasons, "; ")))
	}
}

// evidenceLines is how much of each system's log a failed spec keeps: enough to see how it ended.
const evidenceLines = 60

// keepEvidence puts the end of every system's log into the record.
func (d *Drill) keepEvidence(ctx context.Context) {
	for _, node := range d.Lab.Topology().Nodes {
		lines, err := d.Lab.Log(ctx, node.Name, time.Time{})
		if err != nil {
			d.Observe("end of the log", node.Name, err.Error())
			continue
		}
		var text strings.Builder
		for _, line := range lines[max(0, len(lines)-evidenceLines):] {
			fmt.Fprintf(&text, "%s %s\n", line.At.Format(time.TimeOnly+".000"), line.Text)
		}
		d.Observe("end of the log", node.Name, text.String())
	}
}

// takeDown removes the lab, or leaves it for a person when the spec failed and they asked for it.
func takeDown(cluster *lab.Lab) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if os.Getenv(keepLab) != "" && ginkgo.CurrentSpecReport().Failed() {
		if err := cluster.Keep(ctx); err != nil {
			ginkgo.Fail(err.Error())
		}
		ginkgo.GinkgoWriter.Printf("kept lab %s (KEEP=1): %s; remove it with `make clean`\n", cluster.ID, containers(cluster))
		return
	}
	if err := cluster.Close(ctx); err != nil {
		ginkgo.Fail(err.Error())
	}
}

func containers(cluster *lab.Lab) string {
	var names []string
	for _, node := range cluster.Topology().Nodes {
		names = append(names, cluster.Containers(node.Name)...)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
