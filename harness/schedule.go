package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Schedule says when a question is asked: the k-th one is due Offset plus k periods after the
// first, whatever became of those before it. Waiting for slow answers would ask least when the
// service is worst ("coordinated omission").
type Schedule struct {
	Period time.Duration // must be positive
	// Limit is the time an answer may take; what takes longer is a failure. 0 means two periods, and
	// two seconds at least.
	Limit time.Duration
	// Offset puts the first question off, so that the questions of several probes do not come in bursts.
	Offset time.Duration
	// Aligned asks at the same moments as every other aligned schedule of this process with this period.
	// What is asked at one moment costs one waking of the processor, which is most of the cost of a cheap
	// question; a dear one should rather have an Offset.
	Aligned bool
}

// epoch is what aligned schedules count from.
var epoch = time.Now()

// start is when the first question is due.
func (s Schedule) start() time.Time {
	now := time.Now()
	if s.Aligned {
		now = now.Add(s.Period - now.Sub(epoch)%s.Period)
	}
	return now.Add(s.Offset)
}

// A Sample is what became of one question.
type Sample struct {
	Due   time.Time // when it should have been asked
	Asked time.Time // when it was; not before Due
	Seen  time.Time // when the answer was there, or the time limit was over
	Err   error     // nil: yes
}

const (
	// maxInFlight bounds the questions of one probe that wait for an answer at the same time beyond
	// what its time limit allows for, so that a check that ignores the limit cannot pile up without end.
	maxInFlight = 64
	// grace is how long after its time limit a check may still say what it was waiting for.
	grace = 100 * time.Millisecond
)

// limit is the time limit with its default.
func (s Schedule) limit() time.Duration {
	if s.Limit > 0 {
		return s.Limit
	}
	return max(2*s.Period, shortestCheckLimit)
}

// crowd is how many questions may be in flight.
func (s Schedule) crowd() int { return int(s.limit()/s.Period) + maxInFlight }

// Keep asks until the context ends, and hands over one sample per question in the order of the
// schedule, never two at a time. A question that could not be asked within a period of its time is
// left out: an answer of now says nothing about then. The samples show it, since the times of those
// beside it are further apart. Keep returns when every check has; what was in flight when the
// context ended is dropped: what the observer breaks off is no failure of the service.
func (s Schedule) Keep(ctx context.Context, ask func(ctx context.Context) error, answered func(Sample)) error {
	if s.Period <= 0 {
		return fmt.Errorf("the period is %v: it must be positive", s.Period)
	}
	keeper := &keeper{schedule: s, ask: ask, answered: answered, silence: fmt.Errorf("no answer within %v", s.limit())}
	start := s.start()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for k := 0; ; k++ {
		due := start.Add(time.Duration(k) * s.Period)
		timer.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			keeper.stop()
			return nil
		case <-timer.C:
		}
		if missed := int(time.Since(due) / s.Period); missed > 0 {
			k += missed
			due = start.Add(time.Duration(k) * s.Period)
		}
		keeper.giveUp()
		keeper.send(ctx, due)
	}
}

// A keeper puts the samples back into the order of the schedule.
type keeper struct {
	schedule Schedule
	ask      func(ctx context.Context) error
	answered func(Sample)
	silence  error // of a question that is not answered in time
	running  sync.WaitGroup

	mu      sync.Mutex
	pending []*flight // in the order of the schedule; the first one is unanswered
	flying  int       // checks that have not returned, their time limits notwithstanding
	stopped bool
}

// A flight is a question under way.
type flight struct {
	sample Sample
	landed bool
}

// send asks one question without waiting for its answer.
func (k *keeper) send(ctx context.Context, due time.Time) {
	asked := &flight{sample: Sample{Due: due, Asked: time.Now()}}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pending = append(k.pending, asked)
	if k.flying >= k.schedule.crowd() {
		k.settle(asked, fmt.Errorf("not asked: %d earlier questions still wait for their answers", k.flying))
		return
	}
	k.flying++
	k.running.Go(func() { k.check(ctx, asked) })
}

// check asks and settles the sample at its answer.
func (k *keeper) check(ctx context.Context, asked *flight) {
	limited, cancel := context.WithDeadlineCause(ctx, asked.sample.Asked.Add(k.schedule.limit()), k.silence)
	defer cancel()
	err := k.ask(limited)
	if err != nil && limited.Err() != nil && errors.Is(err, limited.Err()) {
		err = fmt.Errorf("%w: %w", context.Cause(limited), err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flying--
	k.settle(asked, err)
}

// giveUp settles the questions that have not kept their time limit: their checks do not heed it.
func (k *keeper) giveUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	overdue := time.Now().Add(-k.schedule.limit() - grace)
	for len(k.pending) > 0 && k.pending[0].sample.Asked.Before(overdue) {
		k.settle(k.pending[0], k.silence)
	}
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

// stop takes no more answers and waits for the checks to notice.
func (k *keeper) stop() {
	k.mu.Lock()
	k.stopped = true
	k.mu.Unlock()
	k.running.Wait()
}
