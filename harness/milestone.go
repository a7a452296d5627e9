package harness

import "time"

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
