package reports

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A scale maps the offsets of a record to the width of its picture.
type scale struct {
	from, to time.Duration // what is shown, as offsets from the drill's start
	zero     time.Duration // t0, or the drill's start when there was no fault
	step     time.Duration // between two ticks
}

// tickSteps are the distances that a reader can count in.
var tickSteps = []time.Duration{
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond,
	500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostTicks fit beside each other in a narrow window.
const mostTicks = 6

// scaleOf shows what matters: a little peace, the fault and all its consequences. Of a long time in
// which nothing changes any more only the beginning is shown, and the target if it lies near.
func scaleOf(record harness.Record) scale {
	s := scale{to: max(lastMoment(record), time.Second)}
	if record.Fault != nil {
		s.zero = within(record.Fault.At)
		if settled := settledAt(record); record.Judgement.Recovered {
			s.to = min(s.to, settled+(settled-s.zero)/8)
		}
		s.to = max(s.to, s.zero+time.Second)
		after := s.to - s.zero
		if target := within(record.Objective.RTO) - within(record.Judgement.Declared); target > 0 && target <= after*5/4 {
			s.to = max(s.to, s.zero+target+target/25)
		}
		s.from = max(0, s.zero-after/7)
	}
	s.step = tickStep(s.to - s.from)
	return s
}

// tickStep is the shortest distance of which there are not too many.
func tickStep(shown time.Duration) time.Duration {
	for _, step := range tickSteps {
		if shown/step <= mostTicks {
			return step
		}
	}
	day := tickSteps[len(tickSteps)-1]
	return day * (shown/day/mostTicks + 1)
}

// longestShown bounds what a picture shows, so that no sum of offsets overflows: a record that says more is wrong.
const longestShown = 10 * 365 * 24 * time.Hour

// within is an offset as a picture shows it.
func within(at time.Duration) time.Duration { return min(max(at, 0), longestShown) }

// lastMoment is the end of the last sample or step.
func lastMoment(record harness.Record) time.Duration {
	var last time.Duration
	for _, sli := range record.SLIs {
		for _, interval := range sli.Intervals {
			last = max(last, within(interval.To)+within(sli.Period))
		}
	}
	for _, step := range record.Steps {
		last = max(last, within(step.To))
	}
	return last
}

// settledAt is when the recovery had held and nothing changed any more.
func settledAt(record harness.Record) time.Duration {
	judgement := record.Judgement
	settled := within(record.Fault.At) + within(judgement.RTA) - within(judgement.Declared) + within(record.Objective.Dwell)
	for _, sli := range record.SLIs {
		for _, interval := range sli.Intervals {
			settled = max(settled, within(interval.Begins()))
		}
	}
	for _, step := range record.Steps {
		settled = max(settled, within(step.To))
	}
	return settled
}

// percent is the place of an offset; what lies outside is put at the edge.
func (s scale) percent(at time.Duration) float64 {
	at = min(max(at, s.from), s.to)
	return 100 * float64(at-s.from) / float64(s.to-s.from)
}

func (s scale) shows(at time.Duration) bool { return at >= s.from && at <= s.to }

// firstTick is the first tick in the picture, relative to t0.
func (s scale) firstTick() time.Duration {
	return -((s.zero - s.from) / s.step * s.step)
}
