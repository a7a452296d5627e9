package judge

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// An Observation is what the samples of a record say about the time after t0.
type Observation struct {
	Steady   []harness.RecordSLI // the SLIs of the steady state
	Outages  []harness.Outage    // in the record's order, watched SLIs included
	unsteady []string            // what failed between the proof of the steady state and t0
	failed   *harness.Outage     // of the steady state, the one that was known first; nil when nothing failed
	Detected bool                // it was known in time
	TTD      time.Duration
	until    time.Duration // end of the watch
	returned bool          // every SLI of the steady state was up together for the dwell at the end of the watch
	back     time.Duration // when the last of them came back; meaningful when returned
	// blur is by how much earlier than back they may have been up together, unseen; when they never
	// were, the longest period.
	blur time.Duration
}

// Observe reads the intervals of a record.
func Observe(record harness.Record) Observation {
	observed := Observation{until: record.WatchedUntil}
	for _, sli := range record.SLIs {
		if sli.Steady {
			observed.Steady = append(observed.Steady, sli)
		}
	}
	if record.Fault == nil {
		return observed
	}
	if observed.until == 0 {
		observed.until = lastSample(record.SLIs)
	}
	t0, dwell := record.Fault.At, record.Objective.Dwell
	for _, sli := range record.SLIs {
		until := observed.until
		if !sli.Steady {
			until = lastSample([]harness.RecordSLI{sli}) // it has no part in the verdict: look as far as it was watched
		}
		outage, lost := findOutage(sli, t0, until, dwell)
		if !lost {
			continue
		}
		observed.Outages = append(observed.Outages, outage)
		if sli.Steady && (observed.failed == nil || outage.Known < observed.failed.Known) {
			observed.failed = &outage
		}
	}
	if limit := record.Objective.DetectWithin; observed.failed != nil && (limit == 0 || observed.failed.Known <= limit) {
		observed.Detected, observed.TTD = true, observed.failed.Known
	}
	for _, sli := range observed.Steady {
		observed.unsteady = append(observed.unsteady, failuresBefore(sli, record.SteadyAt, t0)...)
	}
	observed.back, observed.returned = TogetherSince(observed.Steady, t0, observed.until, dwell)
	observed.blur = LongestPeriod(record.SLIs)
	if observed.returned {
		observed.blur = observed.back - notYetTogether(observed.Steady, t0, observed.until)
	}
	return observed
}

// End is the end of what the figures speak of: the recovery, or else the end of the watch.
func (o Observation) End() time.Duration {
	if o.returned {
		return o.back
	}
	return o.until
}

// changedAfter is the last moment at which the change into the interval had certainly not happened.
func changedAfter(s harness.Interval, period time.Duration) time.Duration {
	if s.By == 0 {
		return s.From - period // a record that does not say: the question before was asked a period earlier
	}
	return s.After
}

// changedBy is the first moment at which the change into the interval had certainly happened. A record that does
// not say asked every question when it was due.
func changedBy(s harness.Interval) time.Duration {
	if s.By == 0 {
		return s.From
	}
	return s.By
}

// FailsAfter tells whether a failure belongs to the fault: when it was asked for, or came to be known, at or after t0: a
// question that was in flight when the fault struck says nothing about the time before it.
func FailsAfter(s harness.Interval, t0 time.Duration) bool {
	return !s.Up && (s.To >= t0 || s.SeenAt() >= t0)
}

// findOutage finds what an SLI lost after t0. The loss counts from when the first failed sample was
// asked, but not from before t0; the return from the answer to the first success of the
// streak that the watch ended with: both errors make an outage longer, never shorter. It is known when the first
// failure is: nobody can detect what is asked and not answered.
func findOutage(sli harness.RecordSLI, t0, until, dwell time.Duration) (harness.Outage, bool) {
	outage := harness.Outage{SLI: sli.Name, Steady: sli.Steady}
	lost := false
	var first, last harness.Interval
	for _, interval := range sli.Intervals {
		if interval.From > until {
			break
		}
		if FailsAfter(interval, t0) {
			known := max(0, interval.SeenAt()-t0)
			if !lost {
				lost, outage.Known = true, known
				first, outage.Lost = interval, max(0, interval.From-t0)
			}
			outage.Known = min(outage.Known, known)
		}
		last = interval
	}
	if !lost {
		return harness.Outage{}, false
	}
	if last.Up && last.To-last.SeenAt() >= dwell {
		outage.Returned = true
		outage.Back = max(last.SeenAt()-t0, outage.Lost)
		outage.Down = outage.Back - outage.Lost
		sharpen(&outage, sli.Period, t0, first, &last)
		return outage, true
	}
	outage.Down = max(0, until-t0-outage.Lost)
	sharpen(&outage, sli.Period, t0, first, nil)
	return outage, true
}

// sharpen says how far Down may be off, given the intervals in which the outage began and ended; an
// outage that goes on has no end. A fault cannot strike before t0.
func sharpen(o *harness.Outage, period, t0 time.Duration, began harness.Interval, ended *harness.Interval) {
	early := max(0, t0+o.Lost-max(t0, changedAfter(began, period)))
	late := max(0, changedBy(began)-max(t0, began.From))
	if vague(early, period) {
		o.Inconclusive = fmt.Sprintf("nobody had asked for %v when it was lost", words.Figure(early))
	}
	if ended != nil {
		blind := max(0, ended.SeenAt()-changedAfter(*ended, period))
		late += blind
		if vague(blind, period) {
			o.Inconclusive = fmt.Sprintf("nobody had an answer for %v when it came back", words.Figure(blind))
		}
	}
	o.Resolution = max(early, late)
}

// vague tells whether a stretch without a question or an answer is longer than a period by half of it or
// more: a question was left out, or was late by that much.
func vague(stretch, period time.Duration) bool { return 2*stretch >= 3*period }

// notYetTogether is the last moment at which the SLIs were certainly not all up again.
func notYetTogether(slis []harness.RecordSLI, from, until time.Duration) time.Duration {
	latest := from
	for _, sli := range slis {
		last, _ := LastInterval(sli, until)
		if failedSince(sli, last, from) {
			latest = max(latest, changedAfter(last, sli.Period))
		}
	}
	return latest
}

// TogetherSince finds the time since which all SLIs are up, when they have been for the dwell: the
// beginning of the last SLI's streak. A streak counts only if it goes on to the end of the watch.
func TogetherSince(slis []harness.RecordSLI, from, until, dwell time.Duration) (time.Duration, bool) {
	if len(slis) == 0 {
		return 0, false
	}
	since := from
	for _, sli := range slis {
		last, found := LastInterval(sli, until)
		if !found || !last.Up {
			return 0, false
		}
		since = max(since, streakBegan(sli, last, from))
	}
	for _, sli := range slis {
		if last, _ := LastInterval(sli, until); last.To < since+dwell {
			return 0, false
		}
	}
	return since, since+dwell <= until
}

// earliestReturn is the first moment at which a recovery may have begun of which nobody can say yet whether it will last:
// when all SLIs are up at the end of the watch, that of the last one's return; else the end of the watch.
func earliestReturn(slis []harness.RecordSLI, from, until time.Duration) time.Duration {
	since := from
	for _, sli := range slis {
		last, found := LastInterval(sli, until)
		if !found || !last.Up {
			return until
		}
		since = max(since, streakBegan(sli, last, from))
	}
	return min(since, until)
}

// AnsweredUntil is the last moment up to which every SLI has answered.
func AnsweredUntil(slis []harness.RecordSLI) time.Duration {
	until := time.Duration(math.MaxInt64)
	for _, sli := range slis {
		until = min(until, lastSample([]harness.RecordSLI{sli}))
	}
	return until
}

// streakBegan is when an SLI came back; an SLI that never failed after from was never away.
func streakBegan(sli harness.RecordSLI, last harness.Interval, from time.Duration) time.Duration {
	if failedSince(sli, last, from) {
		return last.SeenAt()
	}
	return max(from, last.SeenAt())
}

// failedSince tells whether an SLI failed after from and before its last interval.
func failedSince(sli harness.RecordSLI, last harness.Interval, from time.Duration) bool {
	return slices.ContainsFunc(
		sli.Intervals,
		func(interval harness.Interval) bool { return interval.From < last.From && FailsAfter(interval, from) },
	)
}

// LastInterval is the interval an SLI was in at the given time.
func LastInterval(sli harness.RecordSLI, at time.Duration) (harness.Interval, bool) {
	for _, v := range slices.Backward(sli.Intervals) {
		if v.From <= at {
			return v, true
		}
	}
	return harness.Interval{}, false
}

// Failing says what every SLI that keeps the steady state from holding said last.
func Failing(slis []harness.RecordSLI, until, dwell time.Duration) []Reason {
	var reasons []Reason
	for _, sli := range slis {
		last, found := LastInterval(sli, until)
		missed := harness.NotRecovered.Of(sli.Name)
		switch {
		case !found:
			reasons = append(reasons, because(missed, "%q was never answered", sli.Name))
		case !last.Up:
			reasons = append(reasons, because(missed, "%q still fails: %s", sli.Name, last.Error))
		case min(last.To, until)-last.SeenAt() < dwell:
			reasons = append(reasons, because(missed, "%q has held for %v only, shorter than the dwell of %v",
				sli.Name, words.Figure(max(0, min(last.To, until)-last.SeenAt())), dwell))
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, because(harness.NotRecovered, "its SLIs were not up together for the dwell of %v", dwell))
	}
	return reasons
}

// failuresBefore says whether an SLI failed when peace had been proved and nothing was injected yet.
func failuresBefore(sli harness.RecordSLI, proved, t0 time.Duration) []string {
	for _, interval := range sli.Intervals {
		if !interval.Up && interval.To >= proved && interval.SeenAt() < t0 {
			return []string{fmt.Sprintf("the steady state did not hold until the fault: %q failed %v before it: %s",
				sli.Name, words.Figure(t0-interval.From), interval.Error)}
		}
	}
	return nil
}

// samplesAfter counts the answers of the intervals that reach beyond t0.
func samplesAfter(sli harness.RecordSLI, t0 time.Duration) int {
	count := 0
	for _, interval := range sli.Intervals {
		if interval.To >= t0 {
			count += interval.Samples
		}
	}
	return count
}

// LongestPeriod is the coarsest look among the SLIs of the steady state.
func LongestPeriod(slis []harness.RecordSLI) time.Duration {
	var longest time.Duration
	for _, sli := range slis {
		if sli.Steady {
			longest = max(longest, sli.Period)
		}
	}
	return longest
}

// lastSample is the scheduled time of the last sample of any SLI.
func lastSample(slis []harness.RecordSLI) time.Duration {
	last := time.Duration(math.MinInt64)
	for _, sli := range slis {
		for _, interval := range sli.Intervals {
			last = max(last, interval.To)
		}
	}
	return max(last, 0)
}
