package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// A Drill conducts one drill and keeps its record. Its steps have an order: Watch, WatchSilent, Milestones,
// Unaffected and DuringRecovery at any time before the fault; Baseline, StartWriting unless the objective has no data,
// StartRegisters if there are any, Rehearse if anything can be tried in peace, Inject, Detect, Repair unless nobody
// repairs, AwaitRecovery, Reconcile when something was written, Judge, Close. A step out of order changes nothing and
// returns an error that wraps [harness.ErrOrder]. AwaitUp and AwaitDown are no steps. Close is always safe.
type Drill struct {
	lab     harness.Lab
	started time.Time // with the monotonic clock: offsets count from here
	turn    chan struct{}
	saver   *saver
	teller  *teller
	tell    func(sentence string) // nil tells nobody

	mu        sync.Mutex // guards what follows
	state     state
	step      step                    // the one under way; "" when none is
	detail    string                  // what is done within it
	lastStep  step                    // the one that ended last
	endStep   context.CancelCauseFunc // breaks it off
	unsaved   bool                    // a save has gone wrong
	missTold  bool                    // that the RTO is missed beyond doubt
	record    harness.Record
	sampler   *sampler
	writers   []*writer
	registers []*registerRun
	fault     harness.Fault
	injection harness.Injection
	losses    []string // the parts of the lab that are gone
	lossError error    // why no step can go on, once one is
	further   furtherFaults
	audit     audit
	judged    bool
}

// A state is how far a drill has come, as errors say it.
type state string

const (
	isNew         state = "the drill has not begun"
	isSteady      state = "the steady state is proved"
	isWriting     state = "the steady state is proved and writes go on"
	isInjected    state = "the fault is injected"
	isDetected    state = "the failure is detected"
	isUndetected  state = "the fault broke nothing"
	isRecovered   state = "the recovery is proved"
	isUnrecovered state = "the recovery was awaited in vain"
	isReconciled  state = "the ledgers are read back"
	isBroken      state = "a step before has gone wrong"
	isJudged      state = "the drill is judged"
	isClosed      state = "the drill is closed"
)

// A step is a call that a drill allows in some states only, as errors name it.
type step string

const (
	stepWatch          step = "Watch"
	stepWatchSilent    step = "WatchSilent"
	stepMilestones     step = "Milestones"
	stepUnaffected     step = "Unaffected"
	stepDuringRecovery step = "DuringRecovery"
	stepStartRegisters step = "StartRegisters"
	stepBaseline       step = "Baseline"
	stepStartWriting   step = "StartWriting"
	stepRehearse       step = "Rehearse"
	stepInject         step = "Inject"
	stepDetect         step = "Detect"
	stepRevert         step = "Revert"
	stepRepair         step = "Repair"
	stepAwaitRecovery  step = "AwaitRecovery"
	stepReconcile      step = "Reconcile"
	stepJudge          step = "Judge"
	stepClose          step = "Close"
)

// next lists the steps that each state allows. Close is allowed in all of them.
var next = map[state][]step{
	isNew: {stepWatch, stepWatchSilent, stepMilestones, stepUnaffected, stepDuringRecovery, stepStartRegisters, stepBaseline},
	isSteady: {
		stepWatch, stepWatchSilent, stepMilestones, stepUnaffected, stepDuringRecovery, stepStartWriting, stepStartRegisters,
		stepRehearse, stepInject,
	},
	isWriting: {
		stepWatch, stepWatchSilent, stepMilestones, stepUnaffected, stepDuringRecovery, stepStartRegisters, stepRehearse,
		stepInject,
	},
	isInjected:    {stepDetect, stepRevert},
	isDetected:    {stepRepair, stepAwaitRecovery, stepRevert},
	isUndetected:  {stepReconcile, stepRevert, stepJudge},
	isRecovered:   {stepReconcile, stepRevert, stepJudge},
	isUnrecovered: {stepReconcile, stepRevert, stepJudge},
	isReconciled:  {stepRevert, stepJudge},
	isBroken:      {stepRevert, stepJudge},
	isJudged:      {},
	isClosed:      {},
}

// New begins a drill in a lab that is up. The record's clock starts here. An objective that
// makes no sense and an ID that is no file name are errors.
func New(lab harness.Lab, plan harness.Plan) (*Drill, error) {
	if lab == nil {
		return nil, errors.New("begin the drill: it has no lab")
	}
	if err := plan.Objective.Validate(); err != nil {
		return nil, fmt.Errorf("begin the drill: %w", err)
	}
	if plan.ID == "" {
		plan.ID = plan.Scenario
	}
	if plan.ID == "" || plan.ID == "." || plan.ID == ".." || strings.ContainsAny(plan.ID, "/\\\x00") {
		return nil, fmt.Errorf("begin the drill: the identifier %q cannot be a file name", plan.ID)
	}
	if plan.Phase < 0 {
		return nil, fmt.Errorf("begin the drill: the phase is %v: it cannot be negative", plan.Phase)
	}
	redact.Keep(lab.Topology().Secrets())
	drill := &Drill{
		lab: lab, started: time.Now(), turn: make(chan struct{}, 1), state: isNew, saver: newSaver(plan.Save),
		teller: newTeller(plan.OnEvent), tell: plan.Tell, //nolint:staticcheck // it works for as long as it is there
	}
	drill.record = newRecord(plan, lab.Topology(), drill.started)
	if err := drill.saveNow(); err != nil {
		return nil, fmt.Errorf("begin the drill: save its record: %w", err)
	}
	if plan.Save != nil {
		drill.saver.running.Go(drill.keepSaving)
	}
	drill.teller.event(0, "phase", "the drill begins: "+targets(drill.record.Objective))
	return drill, nil
}

func newRecord(plan harness.Plan, topology harness.Topology, started time.Time) harness.Record {
	objective := plan.Objective.WithDefaults()
	record := harness.Record{
		Schema: harness.RecordSchema, ID: plan.ID, Scenario: plan.Scenario, Title: plan.Title, Labels: plan.Labels,
		Seed: plan.Seed, Started: started.Round(0).UTC(), Repeat: plan.Repeat,
		Phase: plan.Phase, Versions: plan.Versions, Engine: plan.Engine, Topology: topology.Name, Nodes: []harness.RecordNode{},
		Objective: harness.RecordObjective(objective),
		Claim:     harness.Claim{Verdict: harness.Met}, SLIs: []harness.RecordSLI{}, Events: []harness.Event{},
	}
	for _, node := range topology.Nodes {
		before := harness.Addresses{IPv6: node.IPv6, IPv4: node.IPv4}
		record.Nodes = append(record.Nodes, harness.RecordNode{
			Name: node.Name, Role: node.Role, Before: before, After: before, System: node.System.Image.String(),
		})
	}
	return clone(record)
}

// targets says what the drill is judged against.
func targets(objective harness.RecordObjective) string {
	text := fmt.Sprintf("RTO %v", objective.RTO)
	if objective.Unnoticed {
		text = fmt.Sprintf("nobody may notice within %v", objective.DetectWithin)
	}
	if objective.NoData {
		return text + ", no claim about data"
	}
	return fmt.Sprintf("%s, RPO %v", text, objective.RPO)
}

// Claim says before the fault which verdict the drill must have, why, and which misses it means: a drill that shows that
// a procedure does not work claims [harness.Missed], and one that is missed in another way is not as claimed. Without a
// claim a drill must be [harness.Met]. A claim that is made when the fault is already injected, and one that
// cannot come true, make the drill inconclusive.
func (d *Drill) Claim(verdict harness.Verdict, because string, misses ...harness.Miss) {
	d.mu.Lock()
	defer d.mu.Unlock()
	claim := harness.Claim{Verdict: verdict, Because: because, Misses: slices.Clone(misses)}
	switch err := claim.Validate(); {
	case err != nil:
		d.doubt(err.Error())
	case d.state != isNew && d.state != isSteady && d.state != isWriting:
		d.doubt(fmt.Sprintf("the verdict %s was claimed when %s: a claim comes before the fault", verdict, d.state))
	default:
		d.record.Claim = claim
	}
}

// Observe keeps a piece of evidence with the record: the log line that shows a claim. The node may be empty.
func (d *Drill) Observe(name, node, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.record.Evidence = append(d.record.Evidence, harness.Evidence{Name: name, Node: node, At: d.now(), Text: text})
}

// Finding keeps a sentence that the spec established besides the figures.
func (d *Drill) Finding(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finding(text)
}

// Doubt makes the drill inconclusive and says why. A doubt that comes after Judge counts at Close.
func (d *Drill) Doubt(reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.doubt(reason)
}

// Record returns a copy of what was observed so far, without the secrets of the topology. Its judgement is filled in by Judge, or
// else by Close.
func (d *Drill) Record() harness.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.collect()
	return redact.Value(clone(d.record))
}

// redactError is for what a step returns: whoever gets it prints it.
func redactError(err *error) { *err = redact.Error(*err) }

// enter begins a step, or says why it cannot be begun now. The step ends with leave; its context
// ends at Close too.
func (d *Drill) enter(ctx context.Context, step step) (_ context.Context, leave func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case d.turn <- struct{}{}:
	default:
		err := fmt.Errorf("%s: %w: %s is still under way", step, harness.ErrOrder, d.step)
		d.refused(step, err)
		return nil, nil, err
	}
	if !slices.Contains(next[d.state], step) {
		<-d.turn
		err := fmt.Errorf("%s: %w: %s; allowed now: %s", step, harness.ErrOrder, d.state, allowedNow(d.state))
		d.refused(step, err)
		return nil, nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	d.step, d.endStep = step, end
	if d.lossError != nil && endsWithLab(step) {
		end(d.lossError)
	}
	d.saver.wish()
	return ctx, func() {
		interrupted := context.Cause(ctx)
		end(nil)
		d.teller.wait(toldLimit) // else what the step has led to would be read below what comes next
		d.mu.Lock()
		defer d.mu.Unlock()
		if interrupted != nil {
			d.interrupted(step, interrupted)
		}
		d.step, d.detail, d.lastStep, d.endStep = "", "", step, nil
		d.saver.wish()
		<-d.turn
	}, nil
}

// refused notes a step that is out of order, since a spec may go on after its error: a repair that was refused, while there is
// something to repair, is why nothing was repaired. The caller holds the lock.
func (d *Drill) refused(step step, err error) {
	switch {
	case d.judged || d.state == isClosed:
	case step == stepRepair && d.record.Fault != nil:
		d.doubt(fmt.Sprintf("the runbook was never begun: %v", err))
	default:
		d.event(d.now(), "note", fmt.Sprintf("refused: %v", err))
	}
}

// allowedNow lists the steps that a state allows.
func allowedNow(in state) string {
	var names []string
	for _, step := range append(slices.Clone(next[in]), stepClose) {
		names = append(names, string(step))
	}
	return strings.Join(names, ", ")
}

// become moves the drill on and notes the time. A drill that is closed stays so.
func (d *Drill) become(next state) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == isClosed {
		return
	}
	d.state = next
	d.event(d.now(), "phase", string(next))
}

// closed tells whether Close was called.
func (d *Drill) closed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state == isClosed
}

// note puts a sentence on the timeline.
func (d *Drill) note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event(d.now(), "note", text)
}

// now is the offset of the present moment.
func (d *Drill) now() time.Duration { return time.Since(d.started) }

// The caller of event, keep, finding, doubt, interrupted and collect holds the lock.

// event puts what has happened on the timeline, and tells it.
func (d *Drill) event(at time.Duration, kind, text string) {
	d.keep(at, kind, text)
	d.teller.event(at, kind, text)
}

// keep is event for what is told in other words.
func (d *Drill) keep(at time.Duration, kind, text string) {
	d.record.Events = append(d.record.Events, harness.Event{At: at, Kind: kind, Text: text})
	d.saver.wish()
}

func (d *Drill) finding(text string) {
	d.record.Findings = append(d.record.Findings, text)
	d.teller.event(d.now(), "finding", text)
}

func (d *Drill) doubt(reason string) {
	if !slices.Contains(d.record.Doubts, reason) {
		d.record.Doubts = append(d.record.Doubts, reason)
		d.saver.wish()
		d.teller.event(d.now(), "doubt", reason)
	}
}

// interrupted doubts a drill of which a step was broken off, whatever else is known of it: what would have come next
// is not.
func (d *Drill) interrupted(step step, cause error) {
	if d.judged || errors.Is(cause, harness.ErrLabLost) {
		return // the loss is a doubt of its own
	}
	when := "before the fault"
	if d.record.Fault != nil {
		when = fmt.Sprintf("%v after the fault", words.Figure(d.now()-d.record.Fault.At))
	}
	d.doubt(fmt.Sprintf("the drill was interrupted during %s, %s: %v", step, when, cause))
}

// collect brings the record up to date with what the probes and the writers know.
func (d *Drill) collect() {
	if d.sampler != nil {
		d.record.SLIs = d.sampler.slis()
	}
	before := d.now()
	if d.record.Fault != nil {
		before = d.record.Fault.At
	}
	for i, writer := range d.writers {
		d.record.Ledgers[i] = writer.record(before)
	}
	d.record.Registers = nil
	for _, register := range d.registers {
		d.record.Registers = append(d.record.Registers, register.record())
	}
	d.record.Drift = d.audit.drift()
	d.record.Mentions, d.record.MentionsMore = d.audit.recordMentions(d.lab.Topology())
	if !d.judged {
		d.record.Duration = d.now()
	}
}

// sampling makes the sampler at its first use.
func (d *Drill) sampling(ctx context.Context) *sampler {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sampler == nil {
		d.sampler = newSampler(ctx, d.lab, d.started)
		d.sampler.teller = d.teller
		watching := d.sampler.ctx
		d.sampler.running.Go(func() { d.watchLab(watching) })
	}
	return d.sampler
}
