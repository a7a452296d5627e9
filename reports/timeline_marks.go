package reports

import "time"

// addMarks flags the moments in the order in which they happened, the target last.
func (t *timeline) addMarks() {
	fault, judgement := t.record.Fault, t.record.Judgement
	if fault == nil {
		return
	}
	t.mark("fault", 0, "fault", fault.Description)
	if wasDetected(t.record) {
		t.mark("detect", judgement.TTD, "detected "+offset(judgement.TTD), "first failed sample of the steady state")
	}
	if judgement.Recovered {
		back := judgement.RTA - judgement.Declared
		t.mark("recover", back, "recovered "+offset(back), "every SLI of the steady state held from here on")
	}
	if fault.RevertedAt > 0 && t.scale.shows(fault.RevertedAt) {
		lifted := fault.RevertedAt - fault.At
		t.mark("revert", lifted, "fault lifted "+offset(lifted), "the harness took the fault back")
	}
	if watched := t.record.WatchedUntil - fault.At; !judgement.Recovered && t.record.WatchedUntil > 0 {
		t.mark("watched", watched, "watched until "+offset(watched), "nobody waited any longer for a recovery")
	}
	t.markTarget()
}

// markTarget draws the RTO. Declared time counts against it without passing here, so the line
// stands where the measured time would use up what is left.
func (t *timeline) markTarget() {
	target, declared := t.record.Objective.RTO, t.record.Judgement.Declared
	label := "RTO " + FormatDuration(target)
	if declared > 0 {
		label += ", less " + FormatDuration(declared) + " declared"
	}
	switch left := target - declared; {
	case left <= 0:
		t.edge(label + ": used up")
	case t.scale.shows(t.record.Fault.At + left):
		t.mark("target", left, label, "the target of the recovery time")
	default:
		t.edge(label + " →")
	}
}

func (t *timeline) mark(class string, at time.Duration, label, title string) {
	x := t.scale.percent(t.record.Fault.At + at)
	flag := mark{X: percent(x), Label: label, Title: title, Class: class, Anchor: "start", DX: 5, Row: t.flagRow()}
	if x > 60 {
		flag.Anchor, flag.DX = "end", -5
	}
	if at != 0 {
		flag.Title += " (" + offset(at) + ")"
	}
	t.Marks = append(t.Marks, flag)
}

func (t *timeline) edge(label string) {
	t.Marks = append(t.Marks, mark{
		X: "100%", Anchor: "end", Label: label, Title: "the target lies beyond this picture", Class: "target", Row: t.flagRow(), Edge: true,
	})
}

// flagRow is the baseline of the next flag: each has a row of its own, so that none covers another.
func (t *timeline) flagRow() int { return marginTop + len(t.Marks)*flagHeight + 12 }
