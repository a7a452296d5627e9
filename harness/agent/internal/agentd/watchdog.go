//go:build linux

package agentd

import (
	"fmt"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

const (
	// tick is a quarter of lateLimit, so that a delay is measured to within 25 %. Every tick of every agent
	// costs processor time that belongs to the cluster.
	tick = 25 * time.Millisecond
	// tickSlack lets a tick come together with what else wakes the agent: a probe asks every 20 ms.
	tickSlack = 10 * time.Millisecond
	// lateLimit is the finest period of a probe: an agent that was late by more could have missed a sample.
	lateLimit = 100 * time.Millisecond
	// stepLimit is above what a time daemon slews between two ticks, and below what would show in a
	// figure: products measure their own timeouts with this clock.
	stepLimit = 50 * time.Millisecond
)

// A watchdog notes when this process did not get the processor and when somebody set the clock.
type watchdog struct {
	mu   sync.Mutex
	seen []protocol.Interruption
}

func newWatchdog() *watchdog { return &watchdog{} }

// run ticks until the timers are closed.
func (w *watchdog) run(timers *monotonic.Timers) { w.await(timers, monotonic.Now(), monotonic.Ahead()) }

// await judges the next tick by the readings of the last one.
func (w *watchdog) await(timers *monotonic.Timers, last protocol.Instant, ahead time.Duration) {
	timers.AfterFunc(tick-tickSlack, tickSlack, func() {
		now, nowAhead := monotonic.Now(), monotonic.Ahead()
		w.judge(last, now, nowAhead-ahead)
		w.await(timers, now, nowAhead)
	})
}

// judge looks at two readings of the clock that should be one tick apart at most, and at how much
// CLOCK_REALTIME moved against CLOCK_MONOTONIC in between.
func (w *watchdog) judge(last, now protocol.Instant, step time.Duration) {
	due := last + protocol.Instant(tick)
	if late := time.Duration(now - due); late > lateLimit {
		w.note(protocol.Interruption{From: due, Length: late, Reason: fmt.Sprintf("did not get the processor for %v",
			late.Round(time.Millisecond))})
	}
	if step.Abs() > stepLimit {
		w.note(protocol.Interruption{From: last, Length: time.Duration(now - last), Reason: fmt.Sprintf("the clock was stepped by %v",
			step.Round(time.Millisecond))})
	}
}

func (w *watchdog) note(interruption protocol.Interruption) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, interruption)
}

// after returns what was noted beyond the first known ones.
func (w *watchdog) after(known int) []protocol.Interruption {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known < 0 || known >= len(w.seen) {
		return nil
	}
	return append([]protocol.Interruption(nil), w.seen[known:]...)
}
