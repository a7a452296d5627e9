package judge

import (
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// Declared is the time that the steps so far have declared.
func Declared(r harness.Record) time.Duration {
	var declared time.Duration
	for _, step := range r.Steps {
		declared += step.Declared
	}
	return declared
}

// StoppedRunbook is the step at which the runbook has stopped, if it has and nobody has begun another one.
func StoppedRunbook(r harness.Record) (harness.RecordStep, bool) {
	if len(r.Steps) == 0 {
		return harness.RecordStep{}, false
	}
	last := r.Steps[len(r.Steps)-1]
	return last, last.Error != ""
}

// CertainMiss says what is known of a drill that misses its RTO whatever happens next: at some moment after the RTO, and
// further from it than anybody could doubt, an SLI of the steady state was down. "" while that is not certain.
func CertainMiss(record harness.Record, now time.Duration) string {
	if record.Fault == nil || record.Fault.RevertedAt > 0 {
		return ""
	}
	target := record.Fault.At + record.Objective.RTO - Declared(record)
	target += record.Fault.Uncertainty + max(LongestPeriod(record.SLIs), LongestInterruption(record).Length)
	var down []string
	for _, sli := range record.SLIs {
		last, found := LastInterval(sli, now)
		if sli.Steady && found && !last.Up && last.To > target {
			down = append(down, fmt.Sprintf("%q still fails: %s", sli.Name, last.Error))
		}
	}
	if len(down) == 0 {
		return ""
	}
	text := fmt.Sprintf("the RTO of %v is missed beyond doubt, %v after the fault", record.Objective.RTO,
		words.Figure(now-record.Fault.At))
	if declared := Declared(record); declared > 0 {
		text += fmt.Sprintf(" and %v declared", declared)
	}
	text += ": " + strings.Join(down, "; ")
	if len(record.Steps) > 0 {
		last := record.Steps[len(record.Steps)-1]
		text += fmt.Sprintf("; the last step that ended was %q of %q", last.Name, last.Runbook)
		if last.Error != "" {
			text += ", with an error: " + last.Error
		}
	}
	return text
}
