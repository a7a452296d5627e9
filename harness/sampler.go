package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// maxInFlight bounds the questions of one probe that wait for an answer at the same time, so that
	// a check that ignores its time limit cannot pile up without end. A check that keeps the limit
	// stays below it at any period of 40 ms or more.
	maxInFlight = 64
	// grace is how long after its time limit a check may still say what it was waiting for.
	grace = 100 * time.Millisecond
	// punctual is how late the sampler may be before it says so: a loaded machine is late by a few
	// milliseconds all the time.
	punctual = 100 * time.Millisecond
)

// checkLimit is the time a check may take: two periods at least, so that a slow probe is not cut
// off because it is asked often, and never under shortestCheckLimit.
func checkLimit(period time.Duration) time.Duration {
	return max(2*period, shortestCheckLimit)
}

// errCrowded is the answer of a question that could not be asked.
var errCrowded = fmt.Errorf("not asked: %d earlier questions still wait for their answers", maxInFlight)

// A sampler asks probes at fixed times and keeps what they answered.
type sampler struct {
	observer Observer
	started  time.Time // what offsets count from
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu            sync.Mutex
	series        []*series
	interruptions []Interruption
	stopped       bool
}

// A series is what one probe saw. Answers come back in any order and are read in that of the schedule.
type series struct {
	probe  Probe
	steady bool

	spells  []Spell
	pending []*sample // asked, in the order of the schedule; the first one is unanswered
	flying  int       // checks that have not returned, their time limits notwithstanding
}

// A sample is one question.
type sample struct {
	due      time.Duration
	answered bool
	seen     time.Duration
	err      error
}

// newSampler makes a sampler that outlives the context of the call that starts it, but not stop.
func newSampler(ctx context.Context, observer Observer, started time.Time) *sampler {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &sampler{observer: observer, started: started, ctx: ctx, cancel: cancel}
}

// watch begins to ask the probes. Every name may be watched once, since it is what tells SLIs apart.
func (s *sampler) watch(steady bool, probes ...Probe) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]bool{}
	for _, series := range s.series {
		names[series.probe.Name()] = true
	}
	for _, probe := range probes {
		switch {
		case probe == nil:
			return errors.New("a probe is nil")
		case probe.Name() == "":
			return errors.New("a probe has no name")
		case probe.Period() <= 0:
			return fmt.Errorf("probe %q has the period %v: it must be positive", probe.Name(), probe.Period())
		case names[probe.Name()]:
			return fmt.Errorf("probe %q is watched already: names tell SLIs apart", probe.Name())
		}
		names[probe.Name()] = true
	}
	for _, probe := range probes {
		series := &series{probe: probe, steady: steady}
		s.series = append(s.series, series)
		s.running.Go(func() { s.ask(series) })
	}
	return nil
}

// ask keeps a probe's schedule whatever the answers are: the k-th question is due at start plus k
// periods. Waiting for slow answers would ask least when the service is worst.
func (s *sampler) ask(series *series) {
	period := series.probe.Period()
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for k := 0; ; k++ {
		due := start.Add(time.Duration(k) * period)
		timer.Reset(time.Until(due))
		select {
		case <-s.ctx.Done():
			return
		case <-timer.C:
		}
		if missed := s.late(series, due); missed > 0 {
			k += missed
			due = start.Add(time.Duration(k) * period)
		}
		s.send(series, due)
	}
}

// late notes that the sampler itself was held up, and returns how many questions it missed. Those
// are not asked afterwards: an answer of now says nothing about then.
func (s *sampler) late(series *series, due time.Time) int {
	behind := time.Since(due)
	if behind <= punctual {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.interruptions = append(s.interruptions, Interruption{
		From: due, Length: behind, Reason: "the harness did not get the processor to ask its probes in time",
	})
	return int(behind / series.probe.Period())
}

// send asks one question without waiting for its answer.
func (s *sampler) send(series *series, due time.Time) {
	asked := &sample{due: due.Sub(s.started)}
	s.mu.Lock()
	defer s.mu.Unlock()
	series.pending = append(series.pending, asked)
	if series.flying >= maxInFlight {
		s.settle(series, asked, errCrowded)
		return
	}
	series.flying++
	s.running.Go(func() { s.check(series, asked) })
}

// check asks the probe and settles the sample at its answer, or soon after the time limit when the
// probe does not keep it.
func (s *sampler) check(series *series, asked *sample) {
	limit := checkLimit(series.probe.Period())
	ctx, cancel := context.WithTimeoutCause(s.ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	giveUp := time.AfterFunc(limit+grace, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.settle(series, asked, context.Cause(ctx))
	})
	defer giveUp.Stop()
	err := series.probe.Check(ctx, s.observer)
	s.mu.Lock()
	defer s.mu.Unlock()
	series.flying--
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	s.settle(series, asked, err)
}

// settle takes the first answer of a sample. After the sampler was stopped nothing is taken any
// more: what is broken off by the harness is no failure of the service. The caller holds the lock.
func (s *sampler) settle(series *series, asked *sample, err error) {
	if asked.answered || s.stopped {
		return
	}
	asked.answered, asked.err, asked.seen = true, err, time.Since(s.started)
	for len(series.pending) > 0 && series.pending[0].answered {
		series.append(series.pending[0])
		series.pending = series.pending[1:]
	}
}

// append adds the next sample of the schedule to the spells.
func (s *series) append(next *sample) {
	up := next.err == nil
	if len(s.spells) == 0 || s.spells[len(s.spells)-1].Up != up {
		s.spells = append(s.spells, Spell{Up: up, From: next.due, Seen: next.seen})
	}
	spell := &s.spells[len(s.spells)-1]
	spell.To = next.due
	spell.Seen = min(spell.Seen, next.seen)
	spell.Samples++
	if !up {
		spell.Error = next.err.Error()
	}
}

// slis returns what was seen so far, up to the first question of each probe that is unanswered.
func (s *sampler) slis() []RecordSLI {
	s.mu.Lock()
	defer s.mu.Unlock()
	slis := make([]RecordSLI, 0, len(s.series))
	for _, series := range s.series {
		slis = append(slis, RecordSLI{
			Name: series.probe.Name(), Period: series.probe.Period(), Steady: series.steady,
			Spells: append([]Spell{}, series.spells...),
		})
	}
	return slis
}

// unanswered tells how many questions that were due by the given offset wait for their answers.
func (s *sampler) unanswered(by time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, series := range s.series {
		for _, asked := range series.pending {
			if asked.due <= by && !asked.answered {
				count++
			}
		}
	}
	return count
}

// held returns when the sampler itself was held up.
func (s *sampler) held() []Interruption {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Interruption(nil), s.interruptions...)
}

// stop ends the sampling, breaks off what is in flight, and waits for it as long as the context
// allows. What was answered before is kept.
func (s *sampler) stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	for _, series := range s.series {
		for _, asked := range series.pending {
			if asked.answered {
				series.append(asked)
			}
		}
		series.pending = nil
	}
	s.mu.Unlock()
	s.cancel()
	return waitForGroup(ctx, &s.running, "a probe does not end although its time is up")
}

// waitForGroup waits for goroutines, as long as the context allows.
func waitForGroup(ctx context.Context, group *sync.WaitGroup, otherwise string) error {
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.New(otherwise)
	}
}
