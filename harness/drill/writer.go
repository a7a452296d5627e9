package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

const (
	// writesToBegin is how many acknowledged writes the fault waits for. They are more than the judge
	// needs, because t0 is known with an uncertainty and a fault may strike within its own call.
	writesToBegin = judge.MinimumWrites + 5
	// maxWritesInFlight bounds the unanswered writes of one ledger. A write that would exceed it is
	// not attempted: its number is left out, the schedule goes on.
	maxWritesInFlight = 64
	// maxLostEntries is how many numbers of lost entries a record keeps.
	maxLostEntries = 20
)

// An outcome is what a writer knows of one write.
type outcome int

const (
	unknown outcome = iota // not answered, or broken off: nobody can know
	acknowledged
	refused
)

// A writer writes a ledger's entries at fixed times and remembers what became of each.
type writer struct {
	ledger   harness.Ledger
	observer harness.Observer
	started  time.Time          // what offsets count from
	finish   context.CancelFunc // ends the schedule
	breakOff context.CancelFunc // ends the writes in flight
	running  sync.WaitGroup

	mu       sync.Mutex
	outcomes map[int]outcome
	acked    map[int]time.Duration // when the acknowledgement arrived
	flying   int
	stopped  bool
	last     error        // of the last write that was not acknowledged
	kept     map[int]bool // nil until the ledger was read back
}

// startWriter begins to write. It outlives the context of the call, but not stop.
func startWriter(ctx context.Context, ledger harness.Ledger, observer harness.Observer, started time.Time) *writer {
	writes, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	schedule, finish := context.WithCancel(writes)
	w := &writer{
		ledger: ledger, observer: observer, started: started, finish: finish, breakOff: breakOff,
		outcomes: map[int]outcome{}, acked: map[int]time.Duration{},
	}
	w.running.Go(func() { w.write(schedule, writes) })
	return w
}

// write keeps the schedule whatever becomes of the writes. The first entry has the number 1.
func (w *writer) write(schedule, writes context.Context) {
	ticker := time.NewTicker(w.ledger.Interval())
	defer ticker.Stop()
	for entry := 1; ; entry++ {
		w.send(writes, entry)
		select {
		case <-schedule.Done():
			return
		case <-ticker.C:
		}
	}
}

func (w *writer) send(ctx context.Context, entry int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flying >= maxWritesInFlight || ctx.Err() != nil {
		return
	}
	w.flying++
	w.outcomes[entry] = unknown
	w.running.Go(func() {
		limited, cancel := context.WithTimeout(ctx, writeLimit)
		defer cancel()
		w.note(entry, w.ledger.Write(limited, w.observer, entry))
	})
}

// note keeps the answer to a write. An answer that comes after the writer was given up on is one
// that no client has seen.
func (w *writer) note(entry int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
	if err != nil {
		w.last = err
	}
	switch {
	case w.stopped:
	case err == nil:
		w.outcomes[entry], w.acked[entry] = acknowledged, time.Since(w.started)
	case errors.Is(err, harness.ErrRefused):
		w.outcomes[entry] = refused
	}
}

// enough says whether so many writes are acknowledged that their loss would show.
func (w *writer) enough() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.acked) >= writesToBegin {
		return nil
	}
	err := fmt.Errorf("ledger %q has %d of %d writes acknowledged", w.ledger.Name(), len(w.acked), writesToBegin)
	if w.last != nil {
		err = fmt.Errorf("%w: %w", err, w.last)
	}
	return err
}

// stop ends the schedule and waits for the writes in flight, each of which has a time limit. What
// the context does not leave time for is broken off, and its outcome stays unknown.
func (w *writer) stop(ctx context.Context) error {
	defer w.breakOff()
	w.finish()
	err := waitForGroup(ctx, &w.running, fmt.Sprintf("a write to ledger %q does not end although its time is up", w.ledger.Name()))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	return err
}

// read reads the ledger back once.
func (w *writer) read(ctx context.Context) error {
	entries, err := w.ledger.Entries(ctx, w.observer)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = map[int]bool{}
	for _, entry := range entries {
		w.kept[entry] = true
	}
	return nil
}

// foreign are entries that the system has and this drill never wrote.
func (w *writer) foreign() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	var foreign []int
	for entry := range w.kept {
		if _, attempted := w.outcomes[entry]; !attempted {
			foreign = append(foreign, entry)
		}
	}
	slices.Sort(foreign)
	return foreign
}

// record adds up what became of the writes. Before is the offset of t0; without a fault all writes
// came before it.
func (w *writer) record(before time.Duration) harness.RecordLedger {
	w.mu.Lock()
	defer w.mu.Unlock()
	record := harness.RecordLedger{
		Name: w.ledger.Name(), Attempted: len(w.outcomes), Acknowledged: len(w.acked), Reconciled: w.kept != nil,
	}
	for _, at := range w.acked {
		if at < before {
			record.AcknowledgedBefore++
		}
	}
	var lost []int
	for entry, outcome := range w.outcomes {
		switch outcome {
		case refused:
			record.Refused++
		case unknown:
			record.Unknown++
		}
		if w.kept == nil {
			continue
		}
		switch kept := w.kept[entry]; {
		case kept && outcome == acknowledged:
			record.Kept++
		case kept && outcome == unknown:
			record.UnknownKept++
		case kept:
			record.Reappeared++
		case outcome == acknowledged:
			lost = append(lost, entry)
		}
	}
	slices.Sort(lost)
	record.Lost = len(lost)
	for i, entry := range lost {
		if at := w.acked[entry]; i == 0 || at < record.OldestLost {
			record.OldestLost = at
		}
	}
	record.LostEntries = lost[:min(len(lost), maxLostEntries)]
	return record
}
