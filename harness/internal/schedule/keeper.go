package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A keeper puts the samples back into the order of the schedule.
type keeper struct {
	schedule harness.Schedule
	ask      func(ctx context.Context) error
	answered func(harness.Sample)
	silence  error // of a question that is not answered in time
	limits   Timer // ends the questions that are not answered in time
	running  sync.WaitGroup

	mu      sync.Mutex
	pending []*flight // in the order of the schedule; the first one is unanswered
	flying  int       // checks that have not returned, their time limits notwithstanding
	armed   bool      // limits runs
	stopped bool
}

// A flight is a question under way.
type flight struct {
	sample  harness.Sample
	limited *limited
	landed  bool
}

// send asks one question without waiting for its answer.
func (k *keeper) send(ctx context.Context, due time.Time) {
	now := time.Now()
	asked := &flight{sample: harness.Sample{Due: due, Asked: now}, limited: newLimited(ctx, now.Add(limitOf(k.schedule)))}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = append(k.pending, asked)
	if k.flying >= crowd(k.schedule) {
		k.settle(asked, fmt.Errorf("not asked: %d earlier questions still wait for their answers", k.flying))
		return
	}
	k.flying++
	k.running.Go(func() { k.check(asked) })
	if limitOf(k.schedule) <= k.schedule.Period {
		k.armLimit()
	}
}

// check asks and settles the sample at its answer.
func (k *keeper) check(asked *flight) {
	err := k.ask(asked.limited)
	if ended := asked.limited.Err(); err != nil && ended != nil && errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", k.silence, err)
	}
	asked.limited.end(context.Canceled)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flying--
	k.settle(asked, err)
}

// armLimit has the timer run until the time limit of the oldest question that is under way. Most are answered
// before the next one is due, and never need it. The caller holds the lock.
func (k *keeper) armLimit() {
	if k.armed || k.stopped {
		return
	}
	for _, asked := range k.pending {
		if !asked.landed && asked.limited.Err() == nil {
			k.armed = true
			k.limits.Reset(time.Until(asked.limited.deadline))
			return
		}
	}
}

// endOverdue ends the contexts of the questions whose time is over.
func (k *keeper) endOverdue() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed = false
	now := time.Now()
	for _, asked := range k.pending {
		if asked.limited.deadline.After(now) {
			break // those after it were asked later
		}
		asked.limited.end(context.DeadlineExceeded)
	}
	k.armLimit()
}

// giveUp settles the questions that have not kept their time limit: their checks do not heed it.
func (k *keeper) giveUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	overdue := time.Now().Add(-limitOf(k.schedule) - grace)
	for len(k.pending) > 0 && k.pending[0].sample.Asked.Before(overdue) {
		k.settle(k.pending[0], k.silence)
	}
	k.armLimit()
}

// settle takes the first answer of a sample, and hands over what is complete. The caller holds the lock.
func (k *keeper) settle(asked *flight, err error) {
	if asked.landed || k.stopped {
		return
	}
	asked.landed, asked.sample.Err, asked.sample.Seen = true, err, time.Now()
	for len(k.pending) > 0 && k.pending[0].landed {
		k.answered(k.pending[0].sample)
		k.pending = k.pending[1:]
	}
}

// stop takes no more answers, ends the questions under way and waits for their checks to notice.
func (k *keeper) stop(why error) {
	k.mu.Lock()
	k.stopped = true
	k.limits.Stop()
	for _, asked := range k.pending {
		asked.limited.end(why)
	}
	k.mu.Unlock()
	k.running.Wait()
}
