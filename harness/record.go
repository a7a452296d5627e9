package harness

import (
	_ "embed"
	"time"
)

// RecordSchema names the version of the record's JSON. A reader refuses what it does not know.
const RecordSchema = "reprise.record/v1"

//go:embed record.schema.json
var recordSchema string

// RecordJSONSchema is the JSON Schema (draft 2020-12) of a [Record], for readers in other languages.
func RecordJSONSchema() string { return recordSchema }

// A Record is everything one drill observed. It is plain data: judging it again gives the same
// verdict for ever. Durations are nanoseconds in JSON; offsets count from Started on the monotonic clock.
type Record struct {
	Schema   string        `json:"schema"`
	ID       string        `json:"id"`       // unique among the records of a run; safe as a file name
	Scenario string        `json:"scenario"` // folder name, such as "renumbering"
	Title    string        `json:"title"`    // what the spec says
	Labels   []string      `json:"labels,omitempty"`
	Seed     int64         `json:"seed"`
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	// UnderWay says where the drill was when this was written, such as "inject" or "after detect"; it is left out of
	// the record of a drill that has come to its end. A drill that was cut off is inconclusive, and never as claimed.
	UnderWay  string            `json:"under_way,omitempty"`
	Repeat    string            `json:"repeat,omitempty"` // one line that repeats this drill in a shell
	Versions  map[string]string `json:"versions,omitempty"`
	Engine    map[string]string `json:"engine,omitempty"`
	Topology  string            `json:"topology"`
	Nodes     []RecordNode      `json:"nodes"`
	Objective RecordObjective   `json:"objective"`
	Claim     Claim             `json:"claim"`
	// SteadyAt is when Baseline had proved the steady state; 0 means that it never held.
	SteadyAt time.Duration `json:"steady_at_ns"`
	// Rehearsals are the parts of the recovery that were tried before the fault. One that failed ended the drill.
	Rehearsals []RecordRehearsal `json:"rehearsals,omitempty"`
	// WatchedUntil is the end of AwaitRecovery's watch: samples scheduled later do not count for the
	// recovery. 0 means that nobody awaited one.
	WatchedUntil time.Duration `json:"watched_until_ns"`
	// Milestones are the targets of parts of the service.
	Milestones []RecordMilestone `json:"milestones,omitempty"`
	Fault      *RecordFault      `json:"fault,omitempty"`
	// Phase is how long the fault was put off, by the seed, so that the drills of a repeated run strike
	// at different moments between heartbeats; 0: not at all.
	Phase time.Duration `json:"phase_ns,omitempty"`
	// FurtherFaults struck during the recovery. They have no part in t0.
	FurtherFaults []RecordFault    `json:"further_faults,omitempty"`
	SLIs          []RecordSLI      `json:"slis"`
	Events        []Event          `json:"events"`
	Steps         []RecordStep     `json:"steps,omitempty"`
	Ledgers       []RecordLedger   `json:"ledgers,omitempty"`
	Registers     []RecordRegister `json:"registers,omitempty"`
	Evidence      []Evidence       `json:"evidence,omitempty"`
	// Drift is how the nodes differ after the recovery from before the fault, one for each node that was
	// looked at both times. It has no part in the verdict.
	Drift []RecordDrift `json:"drift,omitempty"`
	// Mentions are the places that still named an old address after the recovery from a fault that changed
	// addresses; MentionsMore counts those that are not listed. They have no part in the verdict.
	Mentions     []RecordMention `json:"mentions,omitempty"`
	MentionsMore int             `json:"mentions_more,omitempty"`
	// Interruptions are the stretches between t0 and the recovery in which a node or the harness did not
	// get the processor, or its clock was stepped. They widen the figures' resolution.
	Interruptions []RecordInterruption `json:"interruptions,omitempty"`
	Doubts        []string             `json:"doubts,omitempty"`   // each one makes the verdict inconclusive
	Findings      []string             `json:"findings,omitempty"` // what a spec established besides the figures
	Judgement     Judgement            `json:"judgement"`
}

// RecordNode is a node of the topology.
type RecordNode struct {
	Name   string    `json:"name"`
	Role   string    `json:"role"`
	Before Addresses `json:"before"`
	After  Addresses `json:"after"` // at the end of the drill
	System string    `json:"system,omitempty"`
}

// RecordObjective is the objective with its defaults filled in.
type RecordObjective struct {
	RTO time.Duration `json:"rto_ns"`
	// Unnoticed says that nobody may notice anything: no probe of the steady state may fail within DetectWithin.
	Unnoticed bool          `json:"unnoticed,omitempty"`
	RPO       time.Duration `json:"rpo_ns"`
	NoData    bool          `json:"no_data,omitempty"`
	Dwell     time.Duration `json:"dwell_ns"`
	// DetectWithin is how long after t0 a failure that comes to be known still counts as the fault's; 0 means any time.
	DetectWithin time.Duration `json:"detect_within_ns"`
	GiveUpAfter  time.Duration `json:"patience_ns"`
}

// RecordRehearsal is a part of the recovery that was tried before the fault.
type RecordRehearsal struct {
	Name  string        `json:"name"`
	From  time.Duration `json:"from_ns"`
	To    time.Duration `json:"to_ns"`
	Error string        `json:"error,omitempty"` // why it does not work
}

// RecordFault is the fault as injected.
type RecordFault struct {
	Description string        `json:"description"`
	At          time.Duration `json:"at_ns"` // t0
	Uncertainty time.Duration `json:"uncertainty_ns"`
	Skew        time.Duration `json:"skew_ns"`
	Effects     []Effect      `json:"effects"`
	Confirmed   string        `json:"confirmed,omitempty"` // what proved that it bites
	// Returned is when bringing it about was over: planned work is done then, and a fault has struck long before.
	Returned   time.Duration `json:"returned_ns,omitempty"`
	RevertedAt time.Duration `json:"reverted_at_ns,omitempty"`
}

// RecordSLI is what one probe saw, run-length encoded.
type RecordSLI struct {
	Name   string        `json:"name"`
	Period time.Duration `json:"period_ns"`
	// Steady is true when the SLI is part of the steady state, false when it was only watched.
	Steady bool `json:"steady"`
	// Unaffected says that the fault must not touch the SLI: any failure after t0 is a miss.
	Unaffected bool `json:"unaffected,omitempty"`
	// Unseen says that no client can see it: when it fails, no alarm that watches the service goes off.
	Unseen bool `json:"unseen,omitempty"`
	// Skipped counts the questions that the observer left out because it was late by a period or more;
	// LongestGap is the longest time between two questions, where that is two periods or more.
	Skipped    int           `json:"skipped,omitempty"`
	LongestGap time.Duration `json:"longest_gap_ns,omitempty"`
	Intervals  []Interval    `json:"spells"`
}

// A Interval is a row of samples with the same answer.
type Interval struct {
	Up bool `json:"up"`
	// From and To are when the first and the last sample of the interval were asked: when they were due, but
	// for the observer's lateness, which is less than a period.
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns"`
	// Seen is when the first answer of the interval arrived: a question asked before t0 may fail after
	// it, and one asked during an outage may be answered when the outage is over. Not before From.
	Seen time.Duration `json:"seen_ns"`
	// After and By enclose the moment of the change into this interval, whatever held the observer up: the
	// service had not changed when the last question before the change was asked, and had when the first
	// one after it was answered, or met the service. Both are 0 in records that do not say: then After is
	// a period before From, and By is Seen.
	After   time.Duration `json:"after_ns,omitempty"`
	By      time.Duration `json:"by_ns,omitempty"`
	Samples int           `json:"samples"`
	Error   string        `json:"error,omitempty"` // of the last failed sample
	// FirstError is that of the first one, where it said something else: what was told when it went wrong,
	// before anybody switched anything off.
	FirstError string `json:"first_error,omitempty"`
}

// Begins is when an interval counts from, as an offset from the drill's start: a failure from the question that met it, a
// return from its answer.
func (s Interval) Begins() time.Duration {
	if s.Up {
		return s.SeenAt()
	}
	return s.From
}

// SeenAt is when the first answer of the interval arrived, as an offset from the drill's start.
func (s Interval) SeenAt() time.Duration { return max(s.From, s.Seen) }

// An Event is something that happened, for the timeline.
type Event struct {
	At   time.Duration `json:"at_ns"`
	Kind string        `json:"kind"` // "phase", "fault", "detect", "step", "recover", "revert", "note"
	Text string        `json:"text"`
}

// RecordStep is one step of a runbook as it went.
type RecordStep struct {
	Runbook  string        `json:"runbook"`
	Name     string        `json:"name"`
	From     time.Duration `json:"from_ns"`
	To       time.Duration `json:"to_ns"`
	Declared time.Duration `json:"declared_ns,omitempty"`
	// DeclaredOnly is true of a step that did nothing but declare time: it cannot have brought anything back.
	DeclaredOnly bool   `json:"declared_only,omitempty"`
	Error        string `json:"error,omitempty"`
}

// RecordLedger is what became of the writes.
type RecordLedger struct {
	Name         string `json:"name"`
	Attempted    int    `json:"attempted"`
	Acknowledged int    `json:"acknowledged"`
	// AcknowledgedBefore counts those acknowledged before t0; the others came after it.
	AcknowledgedBefore int `json:"acknowledged_before"`
	Refused            int `json:"refused"`
	Unknown            int `json:"unknown"` // timed out or broken off: neither lost nor kept
	Kept               int `json:"kept"`
	Lost               int `json:"lost"` // acknowledged and absent afterwards
	// UnknownKept counts unknown writes that are there afterwards; Reappeared counts refused ones that are.
	UnknownKept int `json:"unknown_kept"`
	Reappeared  int `json:"reappeared"`
	// OldestLost is when the oldest lost write was acknowledged; meaningful when Lost > 0.
	OldestLost  time.Duration `json:"oldest_lost_ns,omitempty"`
	LostEntries []int         `json:"lost_entries,omitempty"` // the first 20
	Reconciled  bool          `json:"reconciled"`             // false: it was never read back
}

// RecordRegister is what became of a register that several clients read and wrote at the same time.
type RecordRegister struct {
	Name       string `json:"name"`
	Clients    int    `json:"clients"`
	Operations int    `json:"operations"`
	Refused    int    `json:"refused"`
	Unknown    int    `json:"unknown"`
	// Linearizable says what the check of the history found.
	Linearizable Linearizability `json:"linearizable"`
	Explanation  string          `json:"explanation,omitempty"` // of what is not so, or could not be checked
	// History is kept where the check did not find the register linearizable: the operations of the
	// key in question, in the order of their calls.
	History []Operation `json:"history,omitempty"`
}

// A RecordInterruption is a stretch in which nobody looked: a stalled agent or harness, a clock that stepped.
type RecordInterruption struct {
	From   time.Duration `json:"from_ns"`
	Length time.Duration `json:"length_ns"`
	Reason string        `json:"reason"`
}

// Evidence is text kept with the record: the log line that shows a claim.
type Evidence struct {
	Name string        `json:"name"`
	Node string        `json:"node,omitempty"`
	At   time.Duration `json:"at_ns"`
	Text string        `json:"text"`
}

// RecordDrift is how one node differs, after the recovery, from what it was before the fault.
type RecordDrift struct {
	Node string `json:"node"`
	// Traits is how much was compared: what the node looked like after the recovery.
	Traits int `json:"traits"`
	// Took and CPU are what the dearer of the two fingerprints took, and cost the node's processor.
	Took time.Duration `json:"took_ns"`
	CPU  time.Duration `json:"cpu_ns"`
	// Explained are the differences that were planned, or that follow from the nodes' new addresses.
	Explained []RecordDifference `json:"explained,omitempty"`
	// Unexplained are those that nobody planned: what the procedure does not know of.
	Unexplained []RecordDifference `json:"unexplained,omitempty"`
	// ExplainedMore and UnexplainedMore count those that are not listed: a list ends after 200.
	ExplainedMore   int `json:"explained_more,omitempty"`
	UnexplainedMore int `json:"unexplained_more,omitempty"`
}

// RecordDifference is one difference. Before is empty for what is new, After for what is gone.
type RecordDifference struct {
	Kind    Kind   `json:"kind"`
	Key     string `json:"key"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Because string `json:"because,omitempty"` // why it was planned
}

// RecordMention is a place that still named an old address after the recovery.
type RecordMention struct {
	Node    string `json:"node,omitempty"` // empty for what belongs to a whole cluster
	Where   string `json:"where"`          // "file", "process", "environment", "socket", or a product's own place
	Key     string `json:"key"`
	Line    int    `json:"line,omitempty"`
	Text    string `json:"text"`
	Address string `json:"address"`
	Because string `json:"because,omitempty"` // why it was expected; empty for what was forgotten
}

// Forgotten are the mentions that nobody expected.
func (r Record) Forgotten() []RecordMention {
	var forgotten []RecordMention
	for _, mention := range r.Mentions {
		if mention.Because == "" {
			forgotten = append(forgotten, mention)
		}
	}
	return forgotten
}
