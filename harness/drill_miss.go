package harness

import (
	"fmt"
	"strings"
	"time"
)

// leastWatch is how long a drill watches for the recovery after its runbook, at least, when its patience is used up by
// declared time: what comes back then is too late, and still a number.
const leastWatch = time.Minute

// deadline is the end of the watch for the recovery. Declared time counts as if it had passed: who declares 20 minutes
// does not watch for 20 minutes more.
func (d *Drill) deadline() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	deadline, declared := d.record.Fault.At+d.record.Objective.GiveUpAfter, declaredSoFar(d.record)
	if declared == 0 {
		return deadline
	}
	return max(deadline-declared, d.now()+leastWatch+d.record.Objective.Dwell)
}

// declaredSoFar is the time that the steps so far have declared.
func declaredSoFar(r Record) time.Duration {
	var declared time.Duration
	for _, step := range r.Steps {
		declared += step.Declared
	}
	return declared
}

// stoppedRunbook is the step at which the runbook has stopped, if it has and nobody has begun another one.
func stoppedRunbook(r Record) (RecordStep, bool) {
	if len(r.Steps) == 0 {
		return RecordStep{}, false
	}
	last := r.Steps[len(r.Steps)-1]
	return last, last.Error != ""
}

// certainMiss says what is known of a drill that misses its RTO whatever happens next: at some moment after the RTO, and
// further from it than anybody could doubt, an SLI of the steady state was down. "" while that is not certain.
func certainMiss(record Record, now time.Duration) string {
	if record.Fault == nil || record.Fault.RevertedAt > 0 {
		return ""
	}
	target := record.Fault.At + record.Objective.RTO - declaredSoFar(record)
	target += record.Fault.Uncertainty + max(longestPeriod(record.SLIs), longestInterruption(record).Length)
	var down []string
	for _, sli := range record.SLIs {
		last, found := lastSpell(sli, now)
		if sli.Steady && found && !last.Up && last.To > target {
			down = append(down, fmt.Sprintf("%q still fails: %s", sli.Name, last.Error))
		}
	}
	if len(down) == 0 {
		return ""
	}
	text := fmt.Sprintf("the RTO of %v is missed beyond doubt, %v after the fault", record.Objective.RTO,
		figure(now-record.Fault.At))
	if declared := declaredSoFar(record); declared > 0 {
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

// tellMiss tells a miss that is certain, once, while the drill goes on.
func (d *Drill) tellMiss() {
	d.mu.Lock()
	fault, told, tell := d.record.Fault, d.missTold, d.tell
	early := fault == nil || d.now() < fault.At+d.record.Objective.RTO-declaredSoFar(d.record)
	d.mu.Unlock()
	if told || early {
		return
	}
	record := d.soFar()
	if certainMiss(record, d.now()) == "" {
		return
	}
	record.Interruptions = []RecordInterruption{d.HeldUp()}
	miss := certainMiss(record, d.now())
	if miss == "" {
		return // the measurement was held up by so much that it may still be met
	}
	d.mu.Lock()
	d.missTold = true
	d.event(d.now(), "note", miss)
	d.mu.Unlock()
	if tell != nil {
		tell(miss + "; the drill goes on for the number")
	}
}

// hopeless tells whether nothing is left to wait for: the RTO is missed beyond doubt, and the runbook has stopped with
// an error, so that nobody repairs any more.
func (d *Drill) hopeless() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, stopped := stoppedRunbook(d.record)
	return stopped && d.missTold
}
