package schedule

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// epoch is what aligned schedules count from.
var epoch = time.Now()

// start is when the first question is due.
func start(s harness.Schedule) time.Time {
	now := time.Now()
	if s.Aligned {
		now = now.Add(s.Period - now.Sub(epoch)%s.Period)
	}
	return now.Add(s.Offset)
}

const (
	// maxInFlight bounds the questions of one probe that wait for an answer at the same time beyond
	// what its time limit allows for, so that a check that ignores the limit cannot pile up without end.
	maxInFlight = 64
	// grace is how long after its time limit a check may still say what it was waiting for.
	grace = 100 * time.Millisecond
)

// shortestCheckLimit is the least time an answer may take. It lies above the one second after
// which TCP sends a lost first packet again, so that one lost packet is no outage, and it is
// about as long as a person waits before a service counts as down.
const shortestCheckLimit = 2 * time.Second

// limitOf is the time limit with its default.
func limitOf(s harness.Schedule) time.Duration {
	if s.Limit > 0 {
		return s.Limit
	}
	return max(2*s.Period, shortestCheckLimit)
}

// crowd is how many questions may be in flight.
func crowd(s harness.Schedule) int { return int(limitOf(s)/s.Period) + maxInFlight }

// A Timer calls a function once its time has come: [time.AfterFunc] makes one, and [KeepWith] takes
// others.
type Timer interface {
	Reset(after time.Duration) bool
	Stop() bool
}

// Keep asks until the context ends, and hands over one sample per question in the order of the
// schedule, never two at a time. A question that could not be asked within a period of its time is
// left out: an answer of now says nothing about then. The samples show it, since the times of those
// beside it are further apart. Keep returns when every check has; what was in flight when the
// context ended is dropped: what the observer breaks off is no failure of the service.
func Keep(ctx context.Context, s harness.Schedule, ask func(ctx context.Context) error, answered func(harness.Sample)) error {
	return KeepWith(ctx, s, func(after time.Duration, call func()) Timer { return time.AfterFunc(after, call) }, ask, answered)
}

// KeepWith is Keep with timers of the caller's, for who asks so often that timers are much of the cost.
// It needs two: one for the schedule, and one for the time limit, which runs only while a question is
// unanswered when the next one is due.
func KeepWith(
	ctx context.Context,
	s harness.Schedule,
	afterFunc func(after time.Duration, call func()) Timer,
	ask func(ctx context.Context) error,
	answered func(harness.Sample),
) error {
	if s.Period <= 0 {
		return fmt.Errorf("the period is %v: it must be positive", s.Period)
	}
	keeper := &keeper{schedule: s, ask: ask, answered: answered, silence: fmt.Errorf("no answer within %v", limitOf(s))}
	keeper.mu.Lock()
	keeper.limits = afterFunc(limitOf(s), keeper.endOverdue)
	keeper.limits.Stop() // until a question needs it
	keeper.mu.Unlock()
	first := start(s)
	tick := make(chan struct{}, 1)
	timer := afterFunc(time.Until(first), func() { tick <- struct{}{} })
	defer timer.Stop()
	for k := 0; ; k++ {
		due := first.Add(time.Duration(k) * s.Period)
		if k > 0 {
			timer.Reset(time.Until(due))
		}
		select {
		case <-ctx.Done():
			keeper.stop(ctx.Err())
			return nil
		case <-tick:
		}
		if missed := int(time.Since(due) / s.Period); missed > 0 {
			k += missed
			due = first.Add(time.Duration(k) * s.Period)
		}
		keeper.giveUp()
		keeper.send(ctx, due)
	}
}
