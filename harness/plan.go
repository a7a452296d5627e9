package harness

import (
	"errors"
	"fmt"
	"time"
)

// A Plan is what is known of a drill before it begins.
type Plan struct {
	ID        string // unique among the records of a run, safe as a file name; "" means the scenario's name
	Scenario  string // folder name, such as "renumbering"
	Title     string // what the spec says
	Labels    []string
	Seed      int64
	Repeat    string // one line that repeats this drill in a shell
	Objective Objective
	// Phase puts Inject off, so that the drills of a repeated run strike at different moments between
	// heartbeats and elections.
	Phase    time.Duration
	Versions map[string]string // product -> version
	Engine   map[string]string // what the container engine says of itself
	// Save keeps the record as it is while the drill goes on, from NewDrill to Close: at the beginning and the end of
	// each step and at each event, one call at a time, each in the place of the one before. Such a record says where
	// the drill is and is inconclusive. An error makes the drill inconclusive; nil saves nothing.
	Save func(Record) error
	// OnEvent is told at once what happens in the drill, for a person who looks on: the events of the record, and what goes into
	// other parts of it, in the order in which they came to be known. Kinds besides those of [Record] are "inject" (the fault is
	// about to be brought about), "confirm", "sli" (one fails, or holds again; one that does so all the time is told in sums),
	// "data", "miss" (the RTO is missed beyond doubt), "doubt", "finding" and "verdict"; a "step" is told when it begins and
	// when it ends. At is an offset from the drill's start, on the record's clock, and texts are as products wrote them, with
	// whatever characters. It is called for one event at a time, from NewDrill to Close, and the drill does not wait for it
	// while it measures. nil is told nothing.
	OnEvent func(Event)
	// Tell is told, in a sentence, that the RTO is missed beyond doubt.
	//
	// Deprecated: OnEvent is told that too.
	Tell func(sentence string)
}

// An Objective says what a recovery is judged against.
type Objective struct {
	// RTO is the target of the client-observed recovery time, from t0. It must be positive, unless nobody is
	// to notice anything. It is judged, not enforced: a late recovery is still measured.
	RTO time.Duration
	// Unnoticed is the target of work that nobody may notice, such as a migration: no probe of the steady state
	// fails within DetectWithin of t0. There is nothing to recover from then, and no RTO; the drill is met when
	// Detect has found nothing, and missed when it has.
	Unnoticed bool
	// RPO is the target of the data loss, in time before t0. 0 means that no acknowledged write may be lost.
	RPO time.Duration
	// NoData says that the drill makes no claim about data: nothing is written and RPO is not judged.
	NoData bool
	// Dwell is how long the steady state must hold again before it counts as recovered; 0 means 5 s.
	Dwell time.Duration
	// DetectWithin is how long after t0 a failure has to be known, by its answer or its time limit; 0 means 60 s.
	DetectWithin time.Duration
	// GiveUpAfter is how long AwaitRecovery watches, counted from t0, declared time included; 0 means twice the RTO plus the
	// dwell. It must be longer than the RTO, or a miss could not be told from impatience.
	GiveUpAfter time.Duration
}

// Validate says in one sentence what is wrong with the objective.
func (o Objective) Validate() error {
	switch {
	case o.Unnoticed && o.RTO != 0:
		return fmt.Errorf("the RTO is %v of work that nobody may notice: there is nothing to recover from, leave it out", o.RTO)
	case o.RTO <= 0 && !o.Unnoticed:
		return fmt.Errorf("the RTO is %v: it must be longer than zero", o.RTO)
	case o.RPO < 0:
		return fmt.Errorf("the RPO is %v: it cannot be negative (0 means that no acknowledged write may be lost)", o.RPO)
	case o.Dwell < 0, o.DetectWithin < 0, o.GiveUpAfter < 0:
		return errors.New("dwell, detection limit and patience cannot be negative (0 means the default)")
	case o.GiveUpAfter > 0 && o.GiveUpAfter <= o.RTO:
		return fmt.Errorf("the patience of %v is not longer than the RTO of %v: a miss could not be told from impatience",
			o.GiveUpAfter, o.RTO)
	}
	return nil
}

// WithDefaults fills in the defaults of the fields that are zero.
func (o Objective) WithDefaults() Objective {
	if o.Dwell == 0 {
		o.Dwell = 5 * time.Second
	}
	if o.DetectWithin == 0 {
		o.DetectWithin = time.Minute
	}
	if o.GiveUpAfter == 0 && o.Unnoticed {
		o.GiveUpAfter = o.DetectWithin + o.Dwell
	}
	if o.GiveUpAfter == 0 {
		o.GiveUpAfter = 2*o.RTO + o.Dwell
	}
	return o
}

// A Milestone is a part of the service that is to be back before the whole is: "operational", "the site is
// back". It has a target of its own.
type Milestone struct {
	Name string
	// Within is the target, from t0 and with declared time; it must be positive.
	Within time.Duration
	// Claims are what must hold again, for the dwell. A claim that is lost again later for less than the dwell takes
	// nothing back. One that is watched already, or is part of the steady state, need not be a probe of the
	// milestone's own: names tell.
	Claims SteadyState
}

// A RecordMilestone is a part of the service that was to be back before the whole.
type RecordMilestone struct {
	Name   string        `json:"name"`
	Within time.Duration `json:"within_ns"` // the target, from t0
	SLIs   []string      `json:"slis"`      // what must hold again
}

// A MilestoneTime is when a milestone was reached.
type MilestoneTime struct {
	Name     string        `json:"name"`
	Within   time.Duration `json:"within_ns"`
	Reached  bool          `json:"reached"`
	After    time.Duration `json:"after_ns"`              // from t0, declared time included; when not Reached: at least this
	Declared time.Duration `json:"declared_ns,omitempty"` // part of After that was declared, not measured
	// HangsOn says which declared step began so shortly before or after that the target would have been met, or missed, on its
	// other side; "" when none.
	HangsOn string `json:"hangs_on,omitempty"`
}

// A Moment is when a second fault strikes: before a step of a runbook, or so long after t0. Make one with [BeforeStep] or
// [AfterFault].
type Moment struct {
	Step  string        // the step's name; "" means a time after t0
	After time.Duration // from t0
}

// BeforeStep is the moment at which a runbook is about to begin the step of that name. The step waits
// for the proof that the fault bites.
func BeforeStep(name string) Moment { return Moment{Step: name} }

// AfterFault is the moment so long after t0, whatever the drill is doing then.
func AfterFault(offset time.Duration) Moment { return Moment{After: offset} }

// Within tells whether the moment comes so long after t0 although nobody takes a step of a runbook.
func (m Moment) Within(offset time.Duration) bool { return m.Step == "" && m.After < offset }

// Validate says in one sentence why it cannot come.
func (m Moment) Validate() error {
	if (m.Step == "") == (m.After <= 0) {
		return errors.New("it strikes either before a step that has a name or some time after the first fault")
	}
	return nil
}

// String says when, for the record.
func (m Moment) String() string {
	if m.Step != "" {
		return fmt.Sprintf("before the step %q", m.Step)
	}
	return fmt.Sprintf("%v after the first fault", m.After)
}
