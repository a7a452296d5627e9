package survival

import (
	"fmt"
	"time"
)

// A Result is what became of one moment.
type Result struct {
	Cell
	Run      string        `json:"run,omitempty"`      // name of the run that was broken off
	Ended    string        `json:"ended,omitempty"`    // how the command ended
	Gone     time.Duration `json:"gone_ns,omitempty"`  // until nothing was left, from the action or the engine's return
	Record   string        `json:"record,omitempty"`   // what the record says
	Kept     []string      `json:"kept,omitempty"`     // what stayed until the next run, as it may
	Problems []string      `json:"problems,omitempty"` // nil when everything is as promised
	Skipped  string        `json:"skipped,omitempty"`  // why it could not be tried
}

// Good tells whether the run was broken off, and everything after that was as promised.
func (r *Result) Good() bool { return len(r.Problems) == 0 && r.Skipped == "" }

// Problem adds a sentence about what is not as promised.
func (r *Result) Problem(format string, arguments ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, arguments...))
}
