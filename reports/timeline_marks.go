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
	if !t.Struck {
		return
	}
	moments := t.moments()
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, one := range moments {
		if one.at != 0 {
			one.title += " (" + offset(one.at) + ")"
		}
		t.mark(one)
	}
	t.markTarget()
}

func (t *timeline) moments() []moment {
	judgement := t.view.Judgement
	moments := []moment{{"fault", 0, "fault", t.view.Fault.Description}}
	if t.view.Detected {
		moments = append(moments, moment{
			"detect", judgement.TTD, "detected " + offset(judgement.TTD), "the first failure of the steady state was known",
		})
	}
	if judgement.Recovered {
		back := judgement.RTA - judgement.Declared
		moments = append(moments, moment{
			"recover", back, "recovered " + offset(back) + " " + t.view.Bounds, "every SLI of the steady state held from here on",
		})
	}
	moments = append(moments, t.faultMoments()...)
	if watched := t.view.WatchedUntil - t.view.t0; !judgement.Recovered && t.view.WatchedUntil > 0 {
		moments = append(moments, moment{
			"watched", watched, "watched until " + offset(watched), "nobody waited any longer for a recovery",
		})
	}
	return moments
}

// faultMoments are those of the faults that struck during the recovery, and when any was lifted.
func (t *timeline) faultMoments() []moment {
	var moments []moment
	for _, fault := range t.view.Faults {
		lifted := "the harness took the fault back"
		if fault.Further {
			lifted = "the harness took it back"
			moments = append(moments, moment{"fault further", fault.Since, fault.Name + " " + offset(fault.Since), fault.Description})
		}
		if fault.RevertedAt > 0 && t.scale.shows(fault.RevertedAt) {
			moments = append(moments, moment{"revert", fault.Lifted, fault.Name + " lifted " + offset(fault.Lifted), lifted})
		}
	}
	return moments
}

// markTarget draws the RTO. Declared time counts against it without passing here, so the line
// stands where the measured time would use up what is left.
func (t *timeline) markTarget() {
	if t.view.Objective.Unnoticed {
		return // the whole picture is the target
	}
	target, declared := t.view.Objective.RTO, t.view.Judgement.Declared
	label := "RTO " + FormatDuration(target)
	if declared > 0 {
		label += ", less " + FormatDuration(declared) + " declared"
	}
	beyond := mark{Class: "target", Label: label + " →", Title: "the target lies beyond this picture"}
	switch left := target - declared; {
	case left <= 0:
		beyond.Label = label + ": used up"
		t.Marks.addBeyond(beyond)
	case t.scale.shows(t.view.t0 + left):
		t.mark(moment{"target", left, label, "the target of the recovery time (" + offset(left) + ")"})
	default:
		t.Marks.addBeyond(beyond)
	}
}

func (t *timeline) mark(one moment) {
	t.Marks.add(t.scale.percent(t.view.t0+one.at), mark{Label: one.label, Title: one.title, Class: one.class})
}
