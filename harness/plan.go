package harness

import "time"

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
