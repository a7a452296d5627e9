package harness

import (
	"fmt"
	"time"
)

// milestones says when each milestone was reached, why some of them miss their targets, and which were watched for less
// than their target.
func (o observation) milestones(record Record) (reached []MilestoneTime, misses, unknown []reason) {
	if record.Fault == nil || !o.detected {
		return nil, nil, nil
	}
	for _, milestone := range record.Milestones {
		time := o.milestone(record, milestone)
		reached = append(reached, time)
		switch {
		case !time.Reached && time.After < time.Within:
			unknown = append(unknown, because(WatchedTooShort,
				"the milestone %q was not reached within %v of the fault, and nobody watched any longer: its target is %v",
				time.Name, figure(time.After), time.Within))
		case !time.Reached:
			misses = append(misses, because(MilestoneMissed.Of(time.Name),
				"the milestone %q was not reached within %v of the fault: its target is %v", time.Name, figure(time.After), time.Within))
		case time.After > time.Within:
			misses = append(misses, because(MilestoneMissed.Of(time.Name),
				"the milestone %q was reached %s: its target is %v", time.Name, time.words(), time.Within))
		}
	}
	return reached, misses, unknown
}

// milestone looks when the last of its claims came back. Time that was declared counts when its step came
// before that.
func (o observation) milestone(record Record, milestone RecordMilestone) MilestoneTime {
	slis := slisNamed(record, milestone.SLIs)
	at, holds := record.Fault.At, len(slis) == len(milestone.SLIs)
	for _, sli := range slis {
		back, returned := cameBack(sli, record.Fault.At, o.until, record.Objective.Dwell)
		at, holds = max(at, back), holds && returned
	}
	if !holds {
		at = o.until
	}
	found := MilestoneTime{Name: milestone.Name, Within: milestone.Within, Reached: holds}
	for _, step := range record.Steps {
		if step.From < at {
			found.Declared += step.Declared
		}
	}
	found.After = max(0, at-record.Fault.At) + found.Declared
	return found
}

// cameBack is when an SLI came back from the last outage that was as long as the dwell, or else from the first
// one. What was shorter and came later, such as a reload, takes nothing back of what was reached.
func cameBack(sli RecordSLI, t0, until, dwell time.Duration) (time.Duration, bool) {
	back, lost, isLost := t0, time.Duration(0), false
	for _, spell := range sli.Spells {
		switch {
		case spell.From > until:
		case spell.failsAfter(t0) && !isLost:
			lost, isLost = max(t0, spell.From), true
		case spell.Up && isLost && min(spell.To, until)-spell.seen() >= dwell:
			if back == t0 || spell.seen()-lost >= dwell {
				back = spell.seen()
			}
			isLost = false
		}
	}
	return back, !isLost && len(sli.Spells) > 0
}

func slisNamed(record Record, names []string) []RecordSLI {
	var found []RecordSLI
	for _, name := range names {
		for _, sli := range record.SLIs {
			if sli.Name == name {
				found = append(found, sli)
			}
		}
	}
	return found
}

// words writes the time with its declared part.
func (m MilestoneTime) words() string {
	text := fmt.Sprintf("%v after the fault", figure(m.After))
	if m.Declared > 0 {
		text += fmt.Sprintf(", %v of it declared and not measured", figure(m.Declared))
	}
	return text
}

// milestoneMerits says in figures when the milestones were reached.
func milestoneMerits(reached []MilestoneTime) []string {
	var merits []string
	for _, time := range reached {
		merits = append(merits, fmt.Sprintf("the milestone %q was reached %s: its target is %v", time.Name, time.words(), time.Within))
	}
	return merits
}

// A RecordMilestone is a part of the service that was to be back before the whole.
type RecordMilestone struct {
	Name   string        `json:"name"`
	Within time.Duration `json:"within_ns"` // the target, from t0
	SLIs   []string      `json:"slis"`      // what must hold again
}

// A MilestoneTime is when a milestone was reached.
type MilestoneTime struct {
	Name     string        `json:"name"`
	Within   time.Duration `json:"within_ns"`
	Reached  bool          `json:"reached"`
	After    time.Duration `json:"after_ns"`              // from t0, declared time included; when not Reached: at least this
	Declared time.Duration `json:"declared_ns,omitempty"` // part of After that was declared, not measured
}
