package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// A Drill is a harness drill with its lab, as a spec uses it.
type Drill struct {
	*drill.Drill
	// Lab is the running cluster, for what a spec asserts besides the drill's figures.
	Lab *lab.Lab

	arm     contract.Arm        // of the run
	steady  harness.SteadyState // as Baseline proved it
	claimed harness.Verdict     // by the spec; "" when it claims nothing
	file    *reports.RecordFile // where its record is
	// unnoticed is the whole drill's target, which no control arm has.
	unnoticed bool
	ending    contract.Ending // of a control arm
}

// SLI is what a probe has seen so far; it is empty when nobody has asked it.
func (d *Drill) SLI(probe harness.Probe) harness.RecordSLI {
	for _, sli := range d.Record().SLIs {
		if sli.Name == probe.Name() {
			return sli
		}
	}
	return harness.RecordSLI{}
}

// Outage finds what an SLI suffered after t0; the second result is false when it stayed green.
func (d *Drill) Outage(probe harness.Probe) (harness.Outage, bool) {
	for _, outage := range d.Record().Judgement.Outages {
		if outage.SLI == probe.Name() {
			return outage, true
		}
	}
	return harness.Outage{}, false
}

// Peace proves the steady state, and writes through everything that follows. What fails there ends the spec.
func (d *Drill) Peace(ctx context.Context, steady harness.SteadyState, writes []harness.Ledger) {
	ginkgo.GinkgoHelper()
	ginkgo.By("proving the steady state, then writing through everything that follows")
	err := d.Baseline(ctx, steady)
	if err == nil {
		err = d.StartWriting(ctx, writes)
	}
	if err != nil {
		ginkgo.Fail(err.Error())
	}
}

// closeLimit bounds what is done after a spec, whatever happened in it.
const closeLimit = 3 * time.Minute

// Begin brings the topology up and begins a drill in it. When the spec is over, however it ended,
// the fault is lifted, the record written and the lab taken away. Anything that keeps it from
// coming up fails the spec.
func Begin(ctx ginkgo.SpecContext, topology harness.Topology, objective harness.Objective, options ...Option) *Drill {
	ginkgo.GinkgoHelper()
	if err := objective.Validate(); err != nil {
		ginkgo.Fail(err.Error())
	}
	config := run()
	cluster := start(ctx, config, topology)
	drill, err := conduct(cluster, config, planIn(config.Control, plan(ctx, config, cluster, objective, choose(options))))
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	drill.Lab, drill.unnoticed = cluster, objective.Unnoticed
	ginkgo.DeferCleanup(func() { drill.end() })
	return drill
}

// conduct begins a drill whose record is in the run's folder from now on.
func conduct(cluster harness.Lab, config contract.Config, plan harness.Plan) (*Drill, error) {
	file, err := reports.OpenRecord(config.RunDir, plan.ID)
	if err != nil {
		return nil, err
	}
	plan.Save = file.Save
	plan.Tell = func(sentence string) { ginkgo.GinkgoWriter.Printf("%s: %s\n", plan.Title, sentence) }
	conductor, err := drill.New(cluster, plan)
	if err != nil {
		return nil, errors.Join(err, file.Discard())
	}
	if config.Control != contract.WholeDrill {
		claim := claimOf(config.Control)
		conductor.Claim(claim.Verdict, claim.Because, claim.Misses...)
	}
	return &Drill{Drill: conductor, arm: config.Control, file: file}, nil
}

// Start brings the topology up for a spec that asserts something without being a drill, and takes
// it away when the spec is over. Such a spec has no control arms.
func Start(ctx ginkgo.SpecContext, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	config := run()
	if config.Control != contract.WholeDrill {
		say(notADrill)
	}
	return start(ctx, config, topology)
}

func start(ctx ginkgo.SpecContext, config contract.Config, topology harness.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	cluster, err := lab.Start(ctx, topology, lab.Options{Run: filepath.Base(config.RunDir), Progress: progress(config)})
	if errors.Is(err, doctor.ErrUnfit) {
		ginkgo.Skip(err.Error())
	}
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	ginkgo.DeferCleanup(func() { takeDown(config, cluster) })
	return cluster
}

// plan describes the drill for its record.
func plan(
	ctx ginkgo.SpecContext, config contract.Config, cluster *lab.Lab, objective harness.Objective, chosen options,
) harness.Plan {
	spec := ctx.SpecReport()
	configuration, _ := ginkgo.GinkgoConfiguration()
	versions := map[string]string{}
	for _, node := range cluster.Topology().Nodes {
		maps.Copy(versions, node.System.Versions)
	}
	name := reports.RecordID(spec.FullText())
	return harness.Plan{
		ID: name + contract.RecordSuffix(config.Pass, contract.WholeDrill), Scenario: filepath.Base(filepath.Dir(spec.FileName())),
		Title: reports.Title(spec.ContainerHierarchyTexts, spec.LeafNodeText), Labels: spec.Labels(),
		Seed: configuration.RandomSeed, Repeat: config.Repeat(spec.FullText()), Objective: objective, Versions: versions,
		Engine: cluster.Engine(ctx),
		Phase:  drawnPhase(config, configuration.RandomSeed, name, chosen.phaseSpan),
	}
}

// end closes the drill, keeps evidence when the spec failed, and writes the record.
func (d *Drill) end() {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	spec := ginkgo.CurrentSpecReport()
	if spec.Failed() {
		d.keepEvidence(ctx)
	}
	d.doubtInterruption(spec.State)
	if err := d.Close(ctx); err != nil {
		ginkgo.GinkgoWriter.Printf("closing the drill: %v\n", err)
	}
	if d.ending.Result == contract.NotApplicable { // it was no drill: there is nothing to judge
		if err := d.file.Discard(); err != nil {
			ginkgo.Fail(err.Error())
		}
		return
	}
	record := d.Record()
	verdict := fmt.Sprintf("%s: %s", record.Judgement.Verdict, strings.Join(record.Judgement.Reasons, "; "))
	ginkgo.AddReportEntry("drill", verdict, ginkgo.ReportEntryVisibilityFailureOrVerbose)
	if err := d.file.Finish(record); err != nil {
		ginkgo.Fail(err.Error())
	}
	// A fault that could not be lifted turns a verdict that the spec has seen into another one.
	if !spec.Failed() && !record.Judgement.AsClaimed {
		ginkgo.Fail(fmt.Sprintf("after closing, the verdict is %s: %s", record.Judgement.Verdict,
			strings.Join(record.Judgement.Reasons, "; ")))
	}
}

// doubtInterruption makes a drill inconclusive that was interrupted before it was judged, between two of its steps. One that
// is broken off within a step says so itself.
func (d *Drill) doubtInterruption(state types.SpecState) {
	if !state.Is(types.SpecStateInterrupted|types.SpecStateTimedout|types.SpecStateAborted) || d.Record().Judgement.Verdict != "" {
		return
	}
	d.Doubt(fmt.Sprintf("the spec ended before the drill was judged: it was %s", state))
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
func takeDown(config contract.Config, cluster *lab.Lab) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if config.Keep && ginkgo.CurrentSpecReport().Failed() {
		if err := cluster.Keep(ctx); err != nil {
			ginkgo.Fail(err.Error())
		}
		ginkgo.GinkgoWriter.Printf("kept lab %s: %s; remove it with `%s`\n", cluster.ID, containers(cluster), config.CleanWith)
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
