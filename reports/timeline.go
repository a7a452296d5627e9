package reports

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
)

// A timeline is the geometry of a drill's picture. Horizontal places are percentages of its width
// and vertical ones are pixels, so that it fits any window without its text shrinking.
type timeline struct {
	Height   int
	Axis     int // the axis' height from the top
	Ticks    []tick
	Marks    []mark
	Dwell    *bar
	Lanes    []lane
	Headings []heading
	Steps    []stepLane

	scale  scale
	record harness.Record
}

type tick struct{ X, Anchor, Label string }

// A mark is a moment: a line through all lanes with a flag on top. Edge says that it lies beyond
// the picture: it has no line.
type mark struct {
	X, Anchor, Label, Title, Class string
	DX, Row                        int
	Edge                           bool
}

// A lane is what one SLI went through: a label above a row of bars.
type lane struct {
	Label, Note, Title, Class string
	Y                         int
	Bars                      []bar
}

// A stepLane is one step of a runbook: a bar with its label beside it.
type stepLane struct {
	X, Anchor, Label, Title string
	DX, Y, Number           int
	Bar                     bar
}

type heading struct {
	Y    int
	Text string
}

type bar struct{ X, Width, Class, Title string }

// The heights of the picture's parts in pixels.
const (
	flagHeight    = 17
	laneHeight    = 40
	headingHeight = 28
	stepHeight    = 20
	axisHeight    = 26
	marginTop     = 4
)

// drawTimeline lays a record out; nil when there is nothing to show.
func drawTimeline(record harness.Record) *timeline {
	if len(record.SLIs) == 0 && len(record.Steps) == 0 {
		return nil
	}
	t := &timeline{record: record, scale: scaleOf(record)}
	t.addMarks()
	t.addDwell()
	y := marginTop + len(t.Marks)*flagHeight + 6
	for _, steady := range []bool{true, false} {
		for _, sli := range record.SLIs {
			if sli.Steady == steady {
				t.Lanes = append(t.Lanes, t.sliLane(sli, y))
				y += laneHeight
			}
		}
	}
	y = t.addSteps(y)
	t.addTicks()
	t.Axis = y
	t.Height = y + axisHeight
	return t
}

// Held is how long the recovery had to hold.
func (t *timeline) Held() string { return unbroken(t.record.Objective.Dwell) }

// Struck tells whether there was a fault to count from.
func (t *timeline) Struck() bool { return t.record.Fault != nil }

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

// addDwell shades the time that the recovery had to hold.
func (t *timeline) addDwell() {
	judgement, dwell := t.record.Judgement, t.record.Objective.Dwell
	if !judgement.Recovered || t.record.Fault == nil {
		return
	}
	back := t.record.Fault.At + judgement.RTA - judgement.Declared
	shade := t.bar(back, back+dwell, "dwell", "dwell: the recovery had to hold for "+FormatDuration(dwell))
	t.Dwell = &shade
}

func (t *timeline) sliLane(sli harness.RecordSLI, y int) lane {
	row := lane{Label: sli.Name, Class: "sli steady", Y: y, Note: t.slis(sli)}
	if !sli.Steady {
		row.Class = "sli watched"
		row.Label += " (watched only)"
	}
	row.Label, row.Title = shorten(row.Label, laneLabel), row.Label+": "+row.Note
	for i, spell := range sli.Spells {
		end := spell.To + sli.Period
		if i+1 < len(sli.Spells) {
			end = spellBegins(sli.Spells[i+1])
		}
		begin := spellBegins(spell)
		if end <= t.scale.from || begin >= t.scale.to {
			continue
		}
		class := "up"
		if !spell.Up {
			class = "down"
		}
		row.Bars = append(row.Bars, t.bar(begin, end, class, t.spellTitle(sli, spell, begin, end)))
	}
	return row
}

// spellBegins is where the judge lets a spell begin: a failure at the question, a success at its answer.
func spellBegins(spell harness.Spell) time.Duration {
	if spell.Up {
		return max(spell.From, spell.Seen)
	}
	return spell.From
}

// slis says beside an SLI's name what became of it.
func (t *timeline) slis(sli harness.RecordSLI) string {
	for _, outage := range t.record.Judgement.Outages {
		switch {
		case outage.SLI != sli.Name:
		case outage.Returned:
			return "down for " + FormatDuration(outage.Down)
		default:
			return "never back"
		}
	}
	return "not affected"
}

func (t *timeline) spellTitle(sli harness.RecordSLI, spell harness.Spell, begin, end time.Duration) string {
	state := "up"
	if !spell.Up {
		state = "down"
	}
	text := fmt.Sprintf("%s: %s from %s to %s, %s, one each %s", sli.Name, state,
		offset(begin-t.scale.zero), offset(end-t.scale.zero), plural(spell.Samples, "sample"), FormatDuration(sli.Period))
	if spell.Error != "" {
		text += ": " + printable(spell.Error)
	}
	return text
}

// addSteps gives every step of a runbook a lane, below a heading per runbook.
func (t *timeline) addSteps(y int) int {
	runbook := ""
	for i, step := range t.record.Steps {
		if step.Runbook != runbook || i == 0 {
			runbook = step.Runbook
			t.Headings = append(t.Headings, heading{Y: y + 20, Text: runbook})
			y += headingHeight
		}
		t.Steps = append(t.Steps, t.stepLane(i+1, step, y))
		y += stepHeight
	}
	return y
}

// stepLane is a step of a runbook: a bar with its label on the side that has more room.
func (t *timeline) stepLane(number int, step harness.RecordStep, y int) stepLane {
	length := FormatDuration(step.To - step.From)
	class := "step"
	if step.Declared > 0 {
		class, length = "step declared", FormatDuration(step.Declared)+" declared, not waited for"
	}
	if step.Error != "" {
		class, length = "step wrong", length+", went wrong"
	}
	title := fmt.Sprintf("%s: %s: from %s, %s", step.Runbook, step.Name, offset(step.From-t.scale.zero), length)
	if step.Error != "" {
		title += ": " + printable(step.Error)
	}
	row := stepLane{Number: number, Y: y, Title: title, Bar: t.bar(step.From, step.To, class, title), DX: 6}
	room := 100 - t.scale.percent(step.To)
	row.X, row.Anchor = percent(max(t.scale.percent(step.To), t.scale.percent(step.From)+leastWidth)), "start"
	if before := t.scale.percent(step.From); before > room {
		room = before
		row.X, row.Anchor, row.DX = percent(before), "end", -6
	}
	row.Label = shorten(step.Name+", "+length, int(room/charactersPerPercent))
	return row
}

// charactersPerPercent is how much of a wide picture's width a character takes at most, in percent;
// narrow ones show the step's number only.
const charactersPerPercent = 0.75

// leastWidth keeps a short spell visible, in percent.
const leastWidth = 0.35

func (t *timeline) bar(from, to time.Duration, class, title string) bar {
	left, right := t.scale.percent(from), t.scale.percent(to)
	width := max(right-left, leastWidth)
	return bar{X: percent(min(left, 100-leastWidth)), Width: percent(width), Class: class, Title: title}
}

func (t *timeline) addTicks() {
	for at := t.scale.firstTick(); t.scale.zero+at <= t.scale.to; at += t.scale.step {
		x := t.scale.percent(t.scale.zero + at)
		anchor := "middle"
		if x < 4 {
			anchor = "start"
		} else if x > 96 {
			anchor = "end"
		}
		t.Ticks = append(t.Ticks, tick{X: percent(x), Anchor: anchor, Label: offset(at)})
	}
}

// offset is a time relative to t0, with its sign.
func offset(at time.Duration) string {
	switch {
	case at == 0:
		return "0 s"
	case at > 0:
		return "+" + FormatDuration(at)
	default:
		return FormatDuration(at)
	}
}

// laneLabel is how many characters of an SLI's name a narrow window has room for.
const laneLabel = 52

// shorten cuts a label; the whole text is in its title and in the tables.
func shorten(label string, most int) string {
	if utf8.RuneCountInString(label) <= most {
		return label
	}
	return strings.TrimRight(string([]rune(label)[:max(most-1, 0)]), " ,") + "…"
}

// percent writes a place with a precision that no screen exceeds.
func percent(value float64) string {
	return strconv.FormatFloat(value, 'f', 2, 64) + "%"
}
