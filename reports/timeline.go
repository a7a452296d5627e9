package reports

import (
	"strconv"
	"time"
)

// A timeline is the geometry of a drill's picture. Horizontal places are percentages of its width
// and vertical ones are pixels, so that it fits any window without its text shrinking.
type timeline struct {
	Height   int
	Axis     int // the axis' height from the top
	Ticks    []tick
	Marks    flags
	Dwell    *bar
	Lanes    []lane
	Headings []heading
	Steps    []stepLane

	Held   string // how long the recovery had to hold
	Struck bool   // there was a fault to count from

	scale scale
	view  *view
}

type tick struct{ X, Anchor, Label string }

// A mark is a moment: a line through all lanes with a flag on top. Edge says that it lies beyond
// the picture: it has no line.
type mark struct {
	X, Anchor, Label, Title, Class string
	DX, Row                        int
	Edge                           bool
}

// flags are marks, each with a row of its own for its flag, so that none covers another.
type flags []mark

// add places a mark, its flag on the side that has more room.
func (f *flags) add(x float64, one mark) {
	one.X, one.Anchor, one.DX, one.Row = percent(x), "start", 5, f.row()
	if x > 60 {
		one.Anchor, one.DX = "end", -5
	}
	*f = append(*f, one)
}

// addBeyond flags what lies right of the picture.
func (f *flags) addBeyond(one mark) {
	one.X, one.Anchor, one.Edge, one.Row = "100%", "end", true, f.row()
	*f = append(*f, one)
}

// row is the baseline of the next flag.
func (f *flags) row() int { return marginTop + len(*f)*flagHeight + 12 }

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
func drawTimeline(v *view) *timeline {
	if len(v.SLIs) == 0 && len(v.Steps) == 0 {
		return nil
	}
	t := &timeline{view: v, scale: scaleOf(v.Record), Held: FormatDuration(v.Objective.Dwell), Struck: v.Fault != nil}
	t.addMarks()
	t.addDwell()
	y := t.Marks.row() - 6
	for _, steady := range []bool{true, false} {
		for _, sli := range v.SLIs {
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

// addDwell shades the time that the recovery had to hold.
func (t *timeline) addDwell() {
	judgement := t.view.Judgement
	if !judgement.Recovered || !t.Struck {
		return
	}
	back := t.view.t0 + judgement.RTA - judgement.Declared
	shade := t.bar(back, back+t.view.Objective.Dwell, "dwell", "dwell: the recovery had to hold for "+t.Held)
	t.Dwell = &shade
}

// leastWidth keeps a short interval visible, in percent.
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

// percent writes a place with a precision that no screen exceeds.
func percent(value float64) string {
	return strconv.FormatFloat(value, 'f', 2, 64) + "%"
}
