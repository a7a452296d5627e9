package drill

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/judge"
)

// saveEvery is the least time between two saves of a record, so that a row of short steps costs the machine
// no more than a few of them a second.
const saveEvery = 250 * time.Millisecond

// A saver has the record of a drill saved as the drill goes: whatever ends the process, what was known is left.
// All of its methods do nothing when the plan has nowhere to save to.
type saver struct {
	save    func(harness.Record) error
	due     chan struct{} // holds one wish
	stop    chan struct{}
	running sync.WaitGroup
	turn    sync.Mutex // held while the record is being saved
}

func newSaver(save func(harness.Record) error) *saver {
	return &saver{save: save, due: make(chan struct{}, 1), stop: make(chan struct{})}
}

// wish asks for the record to be saved soon. It never waits.
func (s *saver) wish() {
	select {
	case s.due <- struct{}{}:
	default: // one that is to come will know
	}
}

// keepSaving saves the record whenever somebody has wished for it.
func (d *Drill) keepSaving() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-d.saver.stop:
			return
		case <-d.saver.due:
		}
		d.doubtUnsaved(d.saveNow())
		pause.Reset(saveEvery)
		select {
		case <-d.saver.stop:
			return
		case <-pause.C:
		}
	}
}

// saveNow returns when the record is saved as it is now.
func (d *Drill) saveNow() error {
	if d.saver.save == nil {
		return nil
	}
	d.saver.turn.Lock()
	defer d.saver.turn.Unlock()
	return d.saver.save(d.unfinished())
}

// doubtUnsaved doubts a drill whose record cannot be saved: the disk that it is to be left on is full, or gone.
func (d *Drill) doubtUnsaved(err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.unsaved {
		d.unsaved = true // said once: the next error is the same one in other words
		d.doubt(fmt.Sprintf("the record could not be saved %s: %v", d.place(), err))
	}
}

// stopSaving returns when no save is under way and none will come.
func (d *Drill) stopSaving() {
	if d.saver.save == nil {
		return
	}
	close(d.saver.stop)
	d.saver.running.Wait()
}

// unfinished is the record as it has to be read when the drill ends here, without a word.
func (d *Drill) unfinished() harness.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.collect()
	record := clone(d.record)
	record.UnderWay = strings.TrimPrefix(d.place(), "during ")
	record.Doubts = append(record.Doubts, "the drill was cut off "+d.place())
	record = redact.Value(record) // before it is judged: a verdict's reasons follow from what can be read
	record.Judgement = judge.Judge(record)
	return record
}

// place is where the drill is, as a sentence says it: during a step, or after one. The caller holds the lock.
func (d *Drill) place() string {
	switch {
	case d.step != "" && d.detail != "":
		return fmt.Sprintf("during %s: %s", stepInWords(d.step), d.detail)
	case d.step != "":
		return "during " + stepInWords(d.step)
	case d.lastStep != "":
		return "after " + stepInWords(d.lastStep)
	}
	return "before its first step"
}

// stepInWords writes the name of a step in words: "AwaitRecovery" as "await recovery".
func stepInWords(step step) string {
	var text strings.Builder
	for i, letter := range step {
		if unicode.IsUpper(letter) && i > 0 {
			text.WriteByte(' ')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}

// under notes what is done within the step under way, such as the step of a runbook.
func (d *Drill) under(detail string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.detail = detail
	d.saver.wish()
}
