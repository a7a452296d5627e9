package drill

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/judge"
)

// leastWatch is how long a drill watches for the recovery after its runbook, at least, when its patience is used up by
// declared time: what comes back then is too late, and still a number.
const leastWatch = time.Minute

// deadline is the end of the watch for the recovery. Declared time counts as if it had passed: who declares 20 minutes
// does not watch for 20 minutes more.
func (d *Drill) deadline() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	deadline, declared := d.record.Fault.At+d.record.Objective.GiveUpAfter, judge.Declared(d.record)
	if declared == 0 {
		return deadline
	}
	return max(deadline-declared, d.now()+leastWatch+d.record.Objective.Dwell)
}

// tellMiss tells a miss that is certain, once, while the drill goes on.
func (d *Drill) tellMiss() {
	d.mu.Lock()
	fault, done, tell := d.record.Fault, d.missTold, d.tell
	early := fault == nil || d.now() < fault.At+d.record.Objective.RTO-judge.Declared(d.record)
	d.mu.Unlock()
	if done || early {
		return
	}
	record := d.soFar()
	if judge.CertainMiss(record, d.now()) == "" {
		return
	}
	record.Interruptions = []harness.RecordInterruption{d.HeldUp()}
	miss := judge.CertainMiss(record, d.now())
	if miss == "" {
		return // the measurement was held up by so much that it may still be met
	}
	d.mu.Lock()
	d.missTold = true
	told := miss + "; the drill goes on for the number"
	d.keep(d.now(), "note", miss)
	d.teller.event(d.now(), "miss", told)
	d.mu.Unlock()
	if tell != nil {
		tell(redact.Text(told))
	}
}

// hopeless tells whether nothing is left to wait for: the RTO is missed beyond doubt, and the runbook has stopped with
// an error, so that nobody repairs any more.
func (d *Drill) hopeless() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, stopped := judge.StoppedRunbook(d.record)
	return stopped && d.missTold
}
