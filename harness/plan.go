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
	// Tell is told at once, in a sentence, what a person at the terminal should not learn only at the end: that the RTO
	// is missed beyond doubt. It may be called while a step is under way; nil is told nothing.
	Tell func(sentence string)
}
