package reports

import (
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Run is everything one invocation did: its drills, and what did not become a drill.
type Run struct {
	// ID names the run; it is also the name of its folder.
	ID string
	// Command is one line that repeats the run in a shell.
	Command string
	Seed    int64
	Started time.Time
	// Duration is wall time, labs and images included: drills say their own.
	Duration time.Duration
	// Records are the drills. Their IDs are unique.
	Records []harness.Record
	// Skipped are the specs that could not run here, each with its reason.
	Skipped []Skip
	// Failures are the specs that failed, whatever their drill's verdict: an assertion besides the
	// figures, a lab that did not come up; the suites that failed, and the specs that never ran.
	Failures []Failure
}

// A Skip is a spec that did not run.
type Skip struct {
	Scenario string // folder name
	Title    string // what the spec says
	Reason   string // one sentence for the person who wonders
}

// Title is what a spec says, as one sentence: the texts of its containers and its own. The entry of a
// table is a variation and stands in brackets.
func Title(containers []string, text string) string {
	outer := strings.Join(containers, " ")
	switch {
	case len(containers) > 1 && text != "":
		return outer + " (" + text + ")"
	case outer == "" || text == "":
		return outer + text
	}
	return outer + " " + text
}

// A FailureKind tells what failed.
type FailureKind string

const (
	// SpecFailed is the zero value: the spec ran and failed.
	SpecFailed FailureKind = ""
	// SuiteFailed is a suite that failed outside of its specs, such as one that was killed.
	SuiteFailed FailureKind = "suite failed"
	// NeverRan is a spec that was chosen and has no outcome.
	NeverRan FailureKind = "never ran"
)

// A Failure is a spec that failed, a suite that did, or a spec of which nothing came back.
type Failure struct {
	Kind     FailureKind
	Scenario string // folder name
	Title    string // what the spec says
	Message  string // may have several lines; the first one is the headline
	Details  string // the whole of a text that Message has in short, for whoever looks closer; "" otherwise
	// Record is the ID of the failed spec's record. When it is empty, the record with the same
	// scenario and title is meant, if there is one; only of a spec that failed.
	Record string
	// Output is the end of what the suite printed, where nothing else says what happened; "" otherwise.
	Output string
}

// words names the failure in a sentence.
func (k FailureKind) words() string {
	switch k {
	case SuiteFailed:
		return "the suite failed"
	case NeverRan:
		return string(NeverRan)
	}
	return "the spec failed"
}

// OK tells whether the run as a whole is good: every verdict is conclusive and as its spec claims,
// and no spec failed. A run without any drill proves nothing and is not good either.
func (r Run) OK() bool {
	for _, record := range r.Records {
		if outcomeOf(record) != asClaimed {
			return false
		}
	}
	return len(r.Records) > 0 && len(r.Failures) == 0
}

// failuresOf are the failures of the spec that made the record.
func (r Run) failuresOf(record harness.Record) []Failure {
	var failures []Failure
	for _, failure := range r.Failures {
		if failure.concerns(record) {
			failures = append(failures, failure)
		}
	}
	return failures
}

// neverRan are the specs of which nothing came back.
func (r Run) neverRan() []Failure {
	return slices.DeleteFunc(slices.Clone(r.Failures), func(failure Failure) bool { return failure.Kind != NeverRan })
}

// otherFailures are the failures of suites, and of specs that ran and left no record.
func (r Run) otherFailures() []Failure {
	var failures []Failure
	for _, failure := range r.Failures {
		if failure.Kind != NeverRan && !r.hasRecordOf(failure) {
			failures = append(failures, failure)
		}
	}
	return failures
}

func (r Run) hasRecordOf(failure Failure) bool {
	return slices.ContainsFunc(r.Records, failure.concerns)
}

func (f Failure) concerns(record harness.Record) bool {
	if f.Record != "" {
		return f.Record == record.ID
	}
	return f.Kind == SpecFailed && f.Scenario == record.Scenario && f.Title == record.Title
}
