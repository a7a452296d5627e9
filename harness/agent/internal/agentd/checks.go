//go:build linux

package agentd

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/netcheck"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
)

// batchTime is how long a sample that says nothing new may wait for others: each batch wakes the
// whole way to the harness.
const batchTime = 200 * time.Millisecond

// batchSlack of it is for the batches of all checks to wait for one another and for the next check.
const batchSlack = 20 * time.Millisecond

// serveAsk asks a check by its timing and streams the samples until the caller closes the stream.
func (a *agent) serveAsk(w http.ResponseWriter, r *http.Request) {
	checker, timing, err := prepareAsking(r)
	if err != nil {
		protocol.Refuse(w, err)
		return
	}
	defer checker.Close() //nolint:errcheck // it only gives its sockets back
	stream, reader, err := upgrade(w, protocol.UpgradeAsk, nil)
	if err != nil {
		return
	}
	defer stream.Close()
	defer a.processors.ask()()
	ctx, cancel := context.WithCancel(context.Background()) // the request's does not end with its caller any more
	defer cancel()
	go func() {
		defer cancel()
		if err := takeChanges(reader, checker); err != nil {
			a.options.Log.Printf("change what is asked: %v", err)
		}
	}()
	batches := newBatches(a.timers)
	go func() {
		defer cancel()
		batches.send(ctx, stream) // its only failure is a caller who has gone
	}()
	afterFunc := func(after time.Duration, call func()) schedule.Timer { return a.timers.AfterFunc(after, 0, call) }
	if err := schedule.KeepWith(ctx, timing, afterFunc, checker.Check, batches.add); err != nil {
		a.options.Log.Printf("ask a check: %v", err)
	}
}

func prepareAsking(r *http.Request) (*netcheck.Checker, harness.Schedule, error) {
	var asking protocol.CheckRequest
	if err := json.NewDecoder(r.Body).Decode(&asking); err != nil {
		return nil, harness.Schedule{}, fmt.Errorf("decode the request: %w", err)
	}
	_, _ = io.Copy(io.Discard, r.Body) // what follows belongs to the stream
	if asking.Schedule.Period <= 0 {
		return nil, harness.Schedule{}, fmt.Errorf("the period is %v: it must be positive", asking.Schedule.Period)
	}
	checker, err := netcheck.New(asking.Check, nil)
	return checker, asking.Schedule, err
}

// takeChanges replaces the check until the caller closes the stream, which is no error.
func takeChanges(reader *bufio.Reader, checker *netcheck.Checker) error {
	changes := json.NewDecoder(reader)
	for {
		var next harness.Check
		if err := changes.Decode(&next); err != nil {
			return nil //nolint:nilerr // the caller has closed the stream
		}
		if err := checker.Change(next); err != nil {
			return err
		}
	}
}

// batches collects samples on their way to the harness.
type batches struct {
	timers *monotonic.Timers
	mark   monotonic.Mark
	full   chan struct{}

	mu      sync.Mutex
	waiting []protocol.Sample
	begun   bool
	last    string // the answer of the last sample
}

func newBatches(timers *monotonic.Timers) *batches {
	return &batches{timers: timers, mark: monotonic.NewMark(), full: make(chan struct{}, 1)}
}

// add takes the next sample. One that says something else than the one before does not wait.
func (b *batches) add(sample harness.Sample) {
	answer := ""
	if sample.Err != nil {
		answer = sample.Err.Error()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, protocol.Sample{
		Due: b.mark.Instant(sample.Due), Asked: b.mark.Instant(sample.Asked), Seen: b.mark.Instant(sample.Seen), Error: answer,
	})
	switch {
	case !b.begun || answer != b.last:
		b.ready()
	case len(b.waiting) == 1:
		b.timers.AfterFunc(batchTime-batchSlack, batchSlack, b.ready)
	}
	b.begun, b.last = true, answer
}

// ready says that there is something to send.
func (b *batches) ready() {
	select {
	case b.full <- struct{}{}:
	default:
	}
}

// send writes the batches until the context or the stream ends.
func (b *batches) send(ctx context.Context, stream io.Writer) {
	encoder := gob.NewEncoder(stream)
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.full:
		}
		b.mu.Lock()
		batch := b.waiting
		b.waiting = make([]protocol.Sample, 0, cap(batch))
		b.mu.Unlock()
		if len(batch) == 0 {
			continue // a change came first
		}
		if err := encoder.Encode(batch); err != nil {
			return
		}
	}
}
