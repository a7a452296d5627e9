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
func start(s Schedule) time.Time {
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

// shortestCheckLimit is the least time an answer may take. It lies above the one second after
// which TCP sends a lost first packet again, so that one lost packet is no outage, and it is
// about as long as a person waits before a service counts as down.
const shortestCheckLimit = 2 * time.Second

// limitOf is the time limit with its default.
func limitOf(s Schedule) time.Duration {
	if s.Limit > 0 {
		return s.Limit
	}
	return max(2*s.Period, shortestCheckLimit)
}

// crowd is how many questions may be in flight.
func crowd(s Schedule) int { return int(limitOf(s)/s.Period) + maxInFlight }

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
func Keep(ctx context.Context, s Schedule, ask func(ctx context.Context) error, answered func(Sample)) error {
	return KeepWith(ctx, s, func(after time.Duration, call func()) Timer { return time.AfterFunc(after, call) }, ask, answered)
}

// KeepWith is Keep with timers of the caller's, for who asks so often that timers are much of the cost.
// It needs two: one for the schedule, and one for the time limit, which runs only while a question is
// unanswered when the next one is due.
func KeepWith(
	ctx context.Context, s Schedule, afterFunc func(after time.Duration, call func()) Timer, ask func(ctx context.Context) error,
	answered func(Sample),
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

// A keeper puts the samples back into the order of the schedule.
type keeper struct {
	schedule Schedule
	ask      func(ctx context.Context) error
	answered func(Sample)
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
	sample  Sample
	limited *limited
	landed  bool
}

// send asks one question without waiting for its answer.
func (k *keeper) send(ctx context.Context, due time.Time) {
	now := time.Now()
	asked := &flight{sample: Sample{Due: due, Asked: now}, limited: newLimited(ctx, now.Add(limitOf(k.schedule)))}
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

// limited is the context of one question. The contexts of the standard library start a timer each, which
// hundreds of questions in a second have no need of: the keeper's ends them all.
type limited struct {
	context.Context // its values
	deadline        time.Time
	ended           chan struct{}

	mu  sync.Mutex
	why error
}

func newLimited(parent context.Context, deadline time.Time) *limited {
	return &limited{Context: parent, deadline: deadline, ended: make(chan struct{})}
}

// Deadline is the end of the time limit.
func (l *limited) Deadline() (time.Time, bool) { return l.deadline, true }

// Done is closed when the question has been answered, or need not be any more.
func (l *limited) Done() <-chan struct{} { return l.ended }

// Err says why it is done.
func (l *limited) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// end is done the first time only.
func (l *limited) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why == nil {
		l.why = why
		close(l.ended)
	}
}
