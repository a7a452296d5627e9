// Package conduct is a drill in a test, whatever the framework: its lab and its record, the evidence that a failed one keeps,
// what an interruption leaves in doubt, and what its control arms leave out. Packages suite and drilltest are its two faces.
package conduct

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// A Test is the test that a drill is.
type Test interface {
	Helper()
	// Step says what begins.
	Step(text string)
	// Output is for whoever looks on.
	Output() io.Writer
	// Pass, Fail and Skip end the test: they do not return. Where the framework has no way to end a test that has not failed but
	// to skip it, Pass skips it.
	Pass(message string)
	Fail(message string)
	Skip(message string)
	// Failed tells whether the test has failed so far.
	Failed() bool
	// BrokenOff says what has ended the test from outside, such as "interrupted"; "" when nothing has.
	BrokenOff() string
	// Ended takes how a control arm has ended.
	Ended(contract.Ending)
	// Cleanup has something done when the test is over, however it ended; the last one comes first.
	Cleanup(func())
}

// A Spec is what a drill's record says of its test.
type Spec struct {
	Text     string // the whole text, of which the record's ID is made
	Title    string // the text as one sentence
	Scenario string // the name of the folder with its source
	Labels   []string
	Seed     int64
}

// A Drill is a harness drill with its lab, as a test uses it.
type Drill struct {
	*drill.Drill
	// Lab is the running cluster, for what a spec asserts besides the drill's figures.
	Lab *lab.Lab

	test    Test
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
	d.test.Helper()
	d.test.Step("proving the steady state, then writing through everything that follows")
	err := d.Baseline(ctx, steady)
	if err == nil {
		err = d.StartWriting(ctx, writes)
	}
	if err != nil {
		d.test.Fail(err.Error())
	}
}

// closeLimit bounds what is done after a test, whatever happened in it.
const closeLimit = 3 * time.Minute

// Begin brings the topology up and begins a drill in it, in the arm of the run. When the test is over, however it ended, the
// fault is lifted, the record written and the lab taken away. Anything that keeps it from coming up fails the test.
func Begin(
	ctx context.Context, test Test, config contract.Config, spec Spec, topology harness.Topology, objective harness.Objective,
	options ...Option,
) *Drill {
	test.Helper()
	test = withoutSecrets(test)
	if err := objective.Validate(); err != nil {
		test.Fail(err.Error())
	}
	cluster := Start(ctx, test, config, topology)
	described := PlanIn(config.Control, plan(ctx, config, spec, cluster, objective, choose(options)))
	drill, err := New(test, cluster, config, described, objective.Unnoticed)
	if err != nil {
		test.Fail(err.Error())
	}
	drill.Lab = cluster
	test.Cleanup(drill.End)
	return drill
}

// New begins a drill whose record is in the run's folder from now on. The plan is that of the arm, see [PlanIn]; unnoticed is the
// whole drill's target, which no arm has. The caller has to call End.
func New(test Test, cluster harness.Lab, config contract.Config, plan harness.Plan, unnoticed bool) (*Drill, error) {
	file, err := reports.OpenRecord(config.RunDir, plan.ID)
	if err != nil {
		return nil, err
	}
	test = withoutSecrets(test)
	// What the drill hands over has no secrets. Nothing in a file can be taken back, and so it is looked at once more.
	plan.Save = func(record harness.Record) error { return file.Save(redact.Value(record)) }
	plan.OnEvent = newEventLines(test.Output()).tell
	conductor, err := drill.New(cluster, plan)
	if err != nil {
		return nil, errors.Join(err, file.Discard())
	}
	if config.Control != contract.WholeDrill {
		claim := claimOf(config.Control)
		conductor.Claim(claim.Verdict, claim.Because, claim.Misses...)
	}
	return &Drill{Drill: conductor, test: test, arm: config.Control, file: file, unnoticed: unnoticed}, nil
}

// keptFile is in the folder of a run that has kept a lab, and names it. No other lab comes up beside that one: its addresses may
// be the same, and it would disturb what is measured.
const keptFile = "kept-lab"

// Start brings the topology up for a test, and takes it away when that is over. An engine that cannot have it skips the test, and
// so does a lab that this run has kept.
func Start(ctx context.Context, test Test, config contract.Config, topology harness.Topology) *lab.Lab {
	test.Helper()
	test = withoutSecrets(test)
	if kept, err := os.ReadFile(filepath.Join(config.RunDir, keptFile)); err == nil && config.RunDir != "" {
		test.Skip(fmt.Sprintf("never ran: lab %s, of a spec that failed before, was kept; remove it with `%s`", kept, config.CleanWith))
	}
	progress := image.Plain(test.Output())
	if config.Live {
		progress = lab.Live(os.Stdout)
	}
	cluster, err := lab.Start(ctx, topology, lab.Options{Run: filepath.Base(config.RunDir), Progress: progress})
	if errors.Is(err, doctor.ErrUnfit) {
		test.Skip(err.Error())
	}
	if err != nil {
		test.Fail(err.Error())
	}
	test.Cleanup(func() { takeDown(test, config, cluster) })
	return cluster
}

// plan describes the drill for its record.
func plan(
	ctx context.Context, config contract.Config, spec Spec, cluster *lab.Lab, objective harness.Objective, chosen options,
) harness.Plan {
	versions := map[string]string{}
	for _, node := range cluster.Topology().Nodes {
		maps.Copy(versions, node.System.Versions)
	}
	name := reports.RecordID(spec.Text)
	return harness.Plan{
		ID: name + contract.RecordSuffix(config.Pass, contract.WholeDrill), Scenario: spec.Scenario, Title: spec.Title,
		Labels: spec.Labels, Seed: spec.Seed, Repeat: config.Repeat(spec.Text), Objective: objective, Versions: versions,
		Engine: cluster.Engine(ctx), Phase: drawnPhase(config, spec.Seed, name, chosen.phaseSpan),
	}
}

// End closes the drill, keeps evidence when the test failed, and writes the record.
func (d *Drill) End() {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	failed := d.test.Failed()
	if failed && d.Lab != nil {
		d.keepEvidence(ctx)
	}
	if d.Lab != nil {
		d.noteCutLogs(ctx)
	}
	d.doubtInterruption()
	if err := d.Close(ctx); err != nil {
		fmt.Fprintf(d.test.Output(), "closing the drill: %v\n", err)
	}
	if d.ending.Result == contract.NotApplicable { // it was no drill: there is nothing to judge
		if err := d.file.Discard(); err != nil {
			d.test.Fail(err.Error())
		}
		return
	}
	record := d.Record()
	if err := d.file.Finish(redact.Value(record)); err != nil {
		d.test.Fail(err.Error())
	}
	// A fault that could not be lifted turns a verdict that the test has seen into another one.
	if !failed && !record.Judgement.AsClaimed {
		d.test.Fail(fmt.Sprintf("after closing, the verdict is %s: %s", record.Judgement.Verdict,
			strings.Join(record.Judgement.Reasons, "; ")))
	}
}

// doubtInterruption makes a drill inconclusive that was interrupted before it was judged, between two of its steps. One that
// is broken off within a step says so itself.
func (d *Drill) doubtInterruption() {
	if how := d.test.BrokenOff(); how != "" && d.Record().Judgement.Verdict == "" {
		d.Doubt("the spec ended before the drill was judged: it was " + how)
	}
}

// noteCutLogs puts into the record whose log is not whole: what a probe or a step has read there may lack lines.
func (d *Drill) noteCutLogs(ctx context.Context) {
	cut, err := d.Lab.CutLogs(ctx)
	if err != nil {
		cut = append(cut, err.Error())
	}
	for _, sentence := range cut {
		d.Observe("log", "", sentence)
	}
}

// evidenceLines is how much of each system's log a failed test keeps: enough to see how it ended.
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

// takeDown removes the lab, or leaves it for a person when the test failed and they asked for it.
func takeDown(test Test, config contract.Config, cluster *lab.Lab) {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if config.Keep && test.Failed() {
		err := cluster.Keep(ctx)
		if err == nil {
			err = os.WriteFile(filepath.Join(config.RunDir, keptFile), []byte(cluster.ID), 0o600)
		}
		if err != nil {
			test.Fail(err.Error())
		}
		fmt.Fprintf(test.Output(), "kept lab %s: %s; remove it with `%s`\n", cluster.ID, containers(cluster), config.CleanWith)
		return
	}
	if err := cluster.Close(ctx); err != nil {
		test.Fail(err.Error())
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
