package reports

import (
	"cmp"
	"slices"
	"time"
)

// A moment is a mark that is not placed yet.
type moment struct {
	class        string
	at           time.Duration // after t0
	label, title string
}

// addMarks flags the moments in the order in which they happened, the target last.
func (t *timeline) addMarks() {
	if t.record.Fault == nil {
		return
	}
	moments := append(t.moments(), t.furtherMoments()...)
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, one := range moments {
		t.mark(one.class, one.at, one.label, one.title)
	}
	t.markTarget()
}

// moments are those of every drill.
func (t *timeline) moments() []moment {
	fault, judgement := t.record.Fault, t.record.Judgement
	moments := []moment{{"fault", 0, "fault", fault.Description}}
	if wasDetected(t.record) {
		moments = append(moments, moment{
			"detect", judgement.TTD, "detected " + offset(judgement.TTD),
			"the first failure of the steady state was known",
		})
	}
	if judgement.Recovered {
		back := judgement.RTA - judgement.Declared
		moments = append(moments, moment{
			"recover", back, "recovered " + offset(back) + " ± " + FormatDuration(judgement.Resolution),
			"every SLI of the steady state held from here on",
		})
	}
	if fault.RevertedAt > 0 && t.scale.shows(fault.RevertedAt) {
		lifted := fault.RevertedAt - fault.At
		moments = append(moments, moment{"revert", lifted, "fault lifted " + offset(lifted), "the harness took the fault back"})
	}
	if watched := t.record.WatchedUntil - fault.At; !judgement.Recovered && t.record.WatchedUntil > 0 {
		moments = append(moments, moment{
			"watched", watched, "watched until " + offset(watched),
			"nobody waited any longer for a recovery",
		})
	}
	return moments
}

// furtherMoments are those of the faults that struck during the recovery.
func (t *timeline) furtherMoments() []moment {
	var moments []moment
	for i, fault := range t.record.FurtherFaults {
		number, at := ordinal(i+2), fault.At-t.record.Fault.At
		moments = append(moments, moment{"fault further", at, number + " fault " + offset(at), fault.Description})
		if fault.RevertedAt > 0 && t.scale.shows(fault.RevertedAt) {
			lifted := fault.RevertedAt - t.record.Fault.At
			moments = append(moments, moment{"revert", lifted, number + " fault lifted " + offset(lifted), "the harness took it back"})
		}
	}
	return moments
}

// markTarget draws the RTO. Declared time counts against it without passing here, so the line
// stands where the measured time would use up what is left.
func (t *timeline) markTarget() {
	if t.record.Objective.Unnoticed {
		return // the whole picture is the target
	}
	target, declared := t.record.Objective.RTO, t.record.Judgement.Declared
	label := "RTO " + FormatDuration(target)
	if declared > 0 {
		label += ", less " + FormatDuration(declared) + " declared"
	}
	beyond := mark{Class: "target", Label: label + " →", Title: "the target lies beyond this picture"}
	switch left := target - declared; {
	case left <= 0:
		beyond.Label = label + ": used up"
		t.Marks.addBeyond(beyond)
	case t.scale.shows(t.record.Fault.At + left):
		t.mark("target", left, label, "the target of the recovery time")
	default:
		t.Marks.addBeyond(beyond)
	}
}

func (t *timeline) mark(class string, at time.Duration, label, title string) {
	if at != 0 {
		title += " (" + offset(at) + ")"
	}
	t.Marks.add(t.scale.percent(t.record.Fault.At+at), mark{Label: label, Title: title, Class: class})
}
