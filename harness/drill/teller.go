package drill

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

const (
	// toldOneByOne is how many changes of an SLI are told each for itself; those that follow come together in one line, every
	// toldEvery. After as long without a change it begins anew.
	toldOneByOne = 6
	toldEvery    = 10 * time.Second
	// toldLimit is how long the end of a step waits for what has happened in it to be told.
	toldLimit = time.Second
)

// A teller tells what happens in a drill to whoever looks on, one event at a time, in the order in which they came to be known.
// A terminal that is slow, or held, must not keep probes from being asked: nobody waits for it while something is measured. All
// methods may be called with the locks of the drill and of its sampler held, and do nothing when nobody looks on.
type teller struct {
	tell func(harness.Event)

	mu    sync.Mutex
	queue []harness.Event
	idle  chan struct{} // closed when everything was told; nil when there is nothing to tell
	ended bool
	slis  map[string]*sliChanges
}

// sliChanges are the changes of one SLI.
type sliChanges struct {
	told   int           // one by one
	last   time.Duration // when one was told
	newest time.Duration // when there was one
	says   string        // what the newest one is
	untold int
}

func newTeller(tell func(harness.Event)) *teller {
	return &teller{tell: tell, slis: map[string]*sliChanges{}}
}

// event tells what has happened at an offset from the drill's start.
func (t *teller) event(at time.Duration, kind, text string) {
	if t == nil || t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(at, kind, text)
}

// put is event for who holds the lock.
func (t *teller) put(at time.Duration, kind, text string) {
	if t.ended {
		return
	}
	t.queue = append(t.queue, harness.Event{At: at, Kind: kind, Text: text})
	if t.idle == nil {
		t.idle = make(chan struct{})
		go t.work(t.idle)
	}
}

// work tells until there is nothing left to tell.
func (t *teller) work(idle chan struct{}) {
	for {
		t.mu.Lock()
		if len(t.queue) == 0 {
			t.idle = nil
			close(idle)
			t.mu.Unlock()
			return
		}
		next := t.queue[0]
		t.queue = t.queue[1:]
		t.mu.Unlock()
		next.Text = redact.Text(next.Text)
		t.tell(next)
	}
}

// change tells that an SLI, named as in a sentence, holds or fails from now on, unless it does so too often.
func (t *teller) change(at time.Duration, sli, says string) {
	if t == nil || t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	changes := t.slis[sli]
	if changes == nil {
		changes = &sliChanges{}
		t.slis[sli] = changes
	}
	if at-changes.newest >= toldEvery {
		changes.told = 0
	}
	changes.newest, changes.says = at, says
	changes.untold++
	if changes.untold == 1 && changes.told < toldOneByOne {
		changes.told++
		t.putChanges(at, sli, changes)
	}
}

// putChanges tells the changes of an SLI that were not told yet. The caller holds the lock.
func (t *teller) putChanges(at time.Duration, sli string, changes *sliChanges) {
	text := sli + " " + changes.says
	if changes.untold > 1 {
		since := words.Figure(at - changes.last)
		text = fmt.Sprintf("%s has changed %d times in %v, and now %s", sli, changes.untold, since, changes.says)
	}
	changes.last, changes.untold = at, 0
	t.put(at, "sli", text)
}

// settle tells what was held back for long enough; at the end all of it.
func (t *teller) settle(now time.Duration, end bool) {
	if t == nil || t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, sli := range slices.Sorted(maps.Keys(t.slis)) {
		if changes := t.slis[sli]; changes.untold > 0 && (end || now-changes.last >= toldEvery) {
			t.putChanges(now, sli, changes)
		}
	}
}

// wait returns when everything was told, and no later than after the limit.
func (t *teller) wait(limit time.Duration) {
	t.mu.Lock()
	idle := t.idle
	t.mu.Unlock()
	if idle == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
}

// end returns when everything was told. What a terminal that is held does not take in time is never told.
func (t *teller) end() {
	t.wait(endLimit)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.queue = true, nil
}
