package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// A networkProbe is one that the agent of a node asks by itself. The others are asked from here.
type networkProbe interface {
	harness.Probe
	Vantage() string
	Schedule() harness.Schedule
	Current(observer harness.Observer) (harness.Check, error)
}

// A sampler asks probes at fixed times and keeps what they answered.
type sampler struct {
	observer harness.Observer
	started  time.Time // what offsets count from
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	teller   *teller // nil: nobody looks on

	mu      sync.Mutex
	series  []*series
	stopped bool
}

// A series is what one probe saw. Samples come in the order of the timing.
type series struct {
	probe harness.Probe
	role  role

	intervals []harness.Interval
	last      harness.Sample // the one before the next; its Due is zero before the first
	broken    error          // why there will be no more samples

	latencies  [recentAnswers]time.Duration // of the last good answers, in a circle
	answers    int
	skipped    int
	longestGap time.Duration
}

// recentAnswers is how many good answers show how slow a good answer can be at the moment.
const recentAnswers = 50

// A role says what an SLI is watched for.
type role int

const (
	isWatched    role = iota // recorded, and no more
	isSteadyPart             // part of the steady state
	isUnaffected             // must not fail after t0
	isUnseen                 // recorded, and no client sees it
)

// newSampler makes a sampler that outlives the context of the call that starts it, but not stop.
func newSampler(ctx context.Context, observer harness.Observer, started time.Time) *sampler {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &sampler{observer: observer, started: started, ctx: ctx, cancel: cancel}
}

// watch begins to ask the probes. Every name may be watched once, since it is what tells SLIs apart.
func (s *sampler) watch(role role, probes ...harness.Probe) error {
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
		series := &series{probe: probe, role: role}
		// Spread over the period by the golden ratio, the harness's own checks never come in bursts.
		_, part := math.Modf(float64(len(s.series)) * goldenRatio)
		offset := time.Duration(float64(probe.Period()) * part)
		s.series = append(s.series, series)
		s.running.Go(func() { s.broke(series, s.ask(series, offset)) })
	}
	return nil
}

// watches tells whether somebody asks a probe of that name.
func (s *sampler) watches(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.series, func(series *series) bool { return series.probe.Name() == name })
}

const goldenRatio = 0.6180339887

// ask keeps the probe's timing until the sampler stops: in the agent of a node, if it can ask by
// itself, else from here.
func (s *sampler) ask(series *series, offset time.Duration) error {
	network, asksItself := series.probe.(networkProbe)
	if !asksItself {
		return schedule.Keep(s.ctx, harness.Schedule{Period: series.probe.Period(), Offset: offset},
			func(ctx context.Context) error { return series.probe.Check(ctx, s.observer) },
			func(sample harness.Sample) { s.take(series, sample) })
	}
	timing := network.Schedule()
	check, err := network.Current(s.observer)
	if err != nil {
		return err
	}
	asking, err := s.observer.StartCheck(s.ctx, network.Vantage(), check, timing, func(samples []harness.Sample) {
		for _, sample := range samples {
			s.take(series, sample)
		}
	})
	if err != nil {
		return err
	}
	return s.follow(network, check, asking)
}

// changeEvery is the least time between two looks at whether a check has changed.
const changeEvery = 20 * time.Millisecond

// follow gives the agent the check anew whenever it has changed: a service that has moved is asked
// where it is now. The agent learns of it within a period or 20 ms, whichever is longer.
func (s *sampler) follow(probe networkProbe, asked harness.Check, asking harness.CheckStream) error {
	ticker := time.NewTicker(max(probe.Period(), changeEvery))
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return nil
		case <-asking.Done():
			return errAgentGone
		case <-ticker.C:
		}
		check, err := probe.Current(s.observer)
		if err != nil || reflect.DeepEqual(check, asked) {
			continue // a check that cannot be asked now goes on as it was
		}
		if err := asking.Change(check); err != nil {
			return err
		}
		asked = check
	}
}

// broke notes that a probe will not be asked any more although the sampler goes on.
func (s *sampler) broke(series *series, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		series.broken = err
	}
}

// take adds a sample. After the sampler was stopped nothing is taken any more: what is broken off by
// the harness is no failure of the service.
func (s *sampler) take(series *series, sample harness.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	before := len(series.intervals)
	series.append(sample, s.started)
	if len(series.intervals) > before && (before > 0 || sample.Err != nil) {
		s.teller.change(series.intervals[before].SeenAt(), strconv.Quote(series.probe.Name()), saysOf(series.intervals))
	}
}

// saysOf is what the last interval means to who looks on.
func saysOf(intervals []harness.Interval) string {
	last := intervals[len(intervals)-1]
	switch {
	case !last.Up:
		return "fails: " + last.Error
	case len(intervals) == 2: // it has never held before
		return "holds"
	}
	return fmt.Sprintf("holds again after %v", words.Figure(last.SeenAt()-intervals[len(intervals)-2].From))
}

// append adds the next sample of the timing to the intervals.
func (s *series) append(next harness.Sample, started time.Time) {
	before := s.last
	s.last = next
	s.noteGap(before, next)
	up, asked, seen := next.Err == nil, next.Asked.Sub(started), next.Seen.Sub(started)
	if len(s.intervals) == 0 || s.intervals[len(s.intervals)-1].Up != up {
		s.intervals = append(s.intervals, s.change(before, next, started))
	}
	interval := &s.intervals[len(s.intervals)-1]
	interval.To = asked
	interval.Samples++
	if up {
		s.latencies[s.answers%recentAnswers] = next.Seen.Sub(next.Asked)
		s.answers++
	}
	if !up {
		said := next.Err.Error()
		if interval.Error != said {
			interval.FirstError = cmp.Or(interval.FirstError, interval.Error)
		}
		interval.Seen, interval.Error = min(interval.Seen, seen), said
	} else if seen < interval.Seen {
		interval.Seen, interval.By = seen, seen
		if before.Seen.Sub(next.Seen) > s.probe.Period() {
			// This answer overtook those that were asked before it and hung: they met a service that was still down. By less
			// than a period answers overtake each other on their way through a machine that was held up.
			interval.After = before.Asked.Sub(started)
		}
	}
}

// noteGap counts the checks that were left out between two samples.
func (s *series) noteGap(before, next harness.Sample) {
	if before.Due.IsZero() {
		return
	}
	s.skipped += int(next.Due.Sub(before.Due)/s.probe.Period()) - 1
	if gap := next.Asked.Sub(before.Asked); gap >= 2*s.probe.Period() {
		s.longestGap = max(s.longestGap, gap)
	}
}

// change begins an interval with its first sample.
func (s *series) change(before, next harness.Sample, started time.Time) harness.Interval {
	interval := harness.Interval{Up: next.Err == nil, From: next.Asked.Sub(started), Seen: next.Seen.Sub(started)}
	if before.Due.IsZero() {
		interval.After, interval.By = interval.From-s.probe.Period(), interval.Seen
		return interval
	}
	interval.After, interval.By = before.Asked.Sub(started), interval.Seen
	if took := next.Seen.Sub(next.Asked); !interval.Up && took > s.probe.Period() {
		// The answer is no answer but silence. The check met the service no later than those that
		// were answered of late.
		interval.By = min(interval.Seen, next.Asked.Add(s.slowest()).Sub(started))
	}
	return interval
}

// slowest is how long a good answer took at most of late.
func (s *series) slowest() time.Duration { return slices.Max(s.latencies[:]) }

// slis returns what was seen so far, up to the first check of each probe that is unanswered.
func (s *sampler) slis() []harness.RecordSLI {
	s.mu.Lock()
	defer s.mu.Unlock()
	slis := make([]harness.RecordSLI, 0, len(s.series))
	for _, series := range s.series {
		slis = append(slis, harness.RecordSLI{
			Name: series.probe.Name(), Period: series.probe.Period(),
			Steady: series.role == isSteadyPart, Unaffected: series.role == isUnaffected, Unseen: series.role == isUnseen,
			Skipped: series.skipped, LongestGap: series.longestGap,
			Intervals: append([]harness.Interval{}, series.intervals...),
		})
	}
	return slis
}

// unanswered tells how many probes may still have something to say about the time up to the offset.
func (s *sampler) unanswered(by time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, series := range s.series {
		if series.broken == nil && series.last.Due.Sub(s.started) <= by {
			count++
		}
	}
	return count
}

// errAgentGone ends the checks that the agent of a node has asked.
var errAgentGone = errors.New("the agent that asked is gone")

// problems are the probes that are not asked any more, with the reason. Those whose agent is gone are left out where
// that is said of the agent itself.
func (s *sampler) problems(lossSaid bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var problems []string
	for _, series := range s.series {
		if series.broken != nil && (!lossSaid || !errors.Is(series.broken, errAgentGone)) {
			problems = append(problems, fmt.Sprintf("%q could not be asked to the end: %v", series.probe.Name(), series.broken))
		}
	}
	return problems
}

// stop ends the sampling, breaks off what is in flight, and waits for it as long as the context
// allows. What was answered before is kept.
func (s *sampler) stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
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
