package judge

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// milestones says when each milestone was reached, why some of them miss their targets, and which were watched for less
// than their target.
func (o Observation) milestones(record harness.Record) (reached []harness.MilestoneTime, misses, unknown []Reason) {
	if record.Fault == nil || !o.Detected {
		return nil, nil, nil
	}
	for _, milestone := range record.Milestones {
		time, order := o.milestone(record, milestone)
		reached = append(reached, time)
		switch {
		case order != "":
			unknown = append(
				unknown,
				because(harness.TooClose, "whether the milestone %q was reached in time is unknown: it was reached %s, "+
					"its target is %v, and %s",
					time.Name, milestoneWords(time), time.Within, order),
			)
		case !time.Reached && time.After < time.Within:
			unknown = append(unknown, because(harness.WatchedTooShort,
				"the milestone %q was not reached within %v of the fault, and nobody watched any longer: its target is %v",
				time.Name, words.Figure(time.After), time.Within))
		case !time.Reached:
			misses = append(misses, because(
				harness.MilestoneMissed.Of(time.Name),
				"the milestone %q was not reached within %v of the fault: its target is %v",
				time.Name,
				words.Figure(time.After),
				time.Within,
			))
		case time.After > time.Within:
			misses = append(misses, because(harness.MilestoneMissed.Of(time.Name),
				"the milestone %q was reached %s: its target is %v%s", time.Name, milestoneWords(time), time.Within, milestoneBut(time)))
		}
	}
	return reached, misses, unknown
}

// milestone looks when the last of its claims came back. Time that was declared counts when its step came
// before that. Where nobody can tell whether it did, and that decides, the second result says so.
func (o Observation) milestone(record harness.Record, milestone harness.RecordMilestone) (harness.MilestoneTime, string) {
	slis := slisNamed(record, milestone.SLIs)
	at, after, holds := record.Fault.At, record.Fault.At, len(slis) == len(milestone.SLIs)
	for _, sli := range slis {
		back, notYet, returned := cameBack(sli, record.Fault.At, o.until, record.Objective.Dwell)
		at, after, holds = max(at, back), max(after, notYet), holds && returned
	}
	if !holds {
		at = o.until
	}
	found := harness.MilestoneTime{Name: milestone.Name, Within: milestone.Within, Reached: holds}
	for _, step := range record.Steps {
		if step.From < at {
			found.Declared += step.Declared
		}
	}
	found.After = max(0, at-record.Fault.At) + found.Declared
	if holds && at > record.Fault.At {
		return hanging(found, record, at, after)
	}
	return found, ""
}

// hanging tells of a milestone that would be on the other side of its target if it had been reached a moment earlier or
// later, on the other side of the beginning of declared steps: by less than the dwell, or than nobody can tell.
func hanging(m harness.MilestoneTime, record harness.Record, at, after time.Duration) (harness.MilestoneTime, string) {
	margin := max(at-after, record.Objective.Dwell)
	other, nearest, uncertain := m.After, harness.RecordStep{}, false
	for _, step := range record.Steps {
		switch {
		case step.Declared == 0:
			continue
		case m.After > m.Within && step.From < at && at-step.From <= margin:
			other -= step.Declared
			uncertain = uncertain || step.From > after
		case m.After <= m.Within && step.From >= at && step.From-at <= margin:
			other += step.Declared
		default:
			continue
		}
		if nearest.Declared == 0 || distance(step.From, at) < distance(nearest.From, at) {
			nearest = step
		}
	}
	if (m.After <= m.Within) == (other <= m.Within) {
		return m, ""
	}
	side := "before it"
	if nearest.From >= at {
		side = "after it"
	}
	m.HangsOn = fmt.Sprintf("it hangs on the step %q, which declares %v and began %v %s: on its other side the milestone would "+
		"have been reached after %v",
		nearest.Name, nearest.Declared, words.Figure(distance(nearest.From, at)), side, words.Figure(other))
	if uncertain {
		return m, m.HangsOn
	}
	return m, ""
}

// distance is the time between two moments.
func distance(a, b time.Duration) time.Duration { return max(a-b, b-a) }

// cameBack is when an SLI came back from the last outage that was as long as the dwell, or else from the first
// one, and a moment at which it certainly had not yet. What was shorter and came later, such as a reload, takes nothing back
// of what was reached.
func cameBack(sli harness.RecordSLI, t0, until, dwell time.Duration) (back, notYet time.Duration, returned bool) {
	back, notYet = t0, t0
	lost, isLost := time.Duration(0), false
	for _, interval := range sli.Intervals {
		switch {
		case interval.From > until:
		case FailsAfter(interval, t0) && !isLost:
			lost, isLost = max(t0, interval.From), true
		case interval.Up && isLost && min(interval.To, until)-interval.SeenAt() >= dwell:
			if back == t0 || interval.SeenAt()-lost >= dwell {
				back, notYet = interval.SeenAt(), max(t0, changedAfter(interval, sli.Period))
			}
			isLost = false
		}
	}
	return back, notYet, !isLost && len(sli.Intervals) > 0
}

func slisNamed(record harness.Record, names []string) []harness.RecordSLI {
	var found []harness.RecordSLI
	for _, name := range names {
		for _, sli := range record.SLIs {
			if sli.Name == name {
				found = append(found, sli)
			}
		}
	}
	return found
}

// milestoneWords writes the time with its declared part.
func milestoneWords(m harness.MilestoneTime) string {
	text := fmt.Sprintf("%v after the fault", words.Figure(m.After))
	if m.Declared > 0 {
		text += fmt.Sprintf(", %v of it declared and not measured", words.Figure(m.Declared))
	}
	return text
}

// milestoneBut is what has to be said besides; "" when it hangs on nothing.
func milestoneBut(m harness.MilestoneTime) string {
	if m.HangsOn == "" {
		return ""
	}
	return "; " + m.HangsOn
}

// milestonePasses says in figures when the milestones were reached.
func milestonePasses(reached []harness.MilestoneTime) []string {
	var passes []string
	for _, time := range reached {
		passes = append(passes, fmt.Sprintf("the milestone %q was reached %s: its target is %v%s", time.Name, milestoneWords(time),
			time.Within, milestoneBut(time)))
	}
	return passes
}
