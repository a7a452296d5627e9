package reports

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A strip is the geometry of a distribution's picture: a dot per drill above an axis of recovery
// times. Horizontal places are percentages, vertical ones pixels, as in a timeline.
type strip struct {
	Height, Axis int
	Ticks        []tick
	Dots         []dot
	Lines        []stripLine
	// Interval is the confidence interval of the median; nil when n is too small for one.
	Interval  *bar
	IntervalY int

	to time.Duration // the right end of the scale
}

// A dot is one drill. Its shape says what its colour says.
type dot struct {
	X, Class, Title, ID, Shape string
	Y                          int
}

// A stripLine is the median, the 95th percentile or the target, with a flag in a row of its own.
type stripLine struct {
	X, Anchor, Label, Class string
	DX, Row                 int
	Edge                    bool // it lies beyond the picture
}

const (
	dotHeight = 15  // of a dot with the room around it, in pixels
	dotWidth  = 2.6 // the same in percent of a narrow picture
	// beyondAt is where the drills stand that did not recover, right of the scale's end.
	beyondAt   = 97.0
	stripScale = 92.0 // the scale's share of the width
)

// drawStrip lays a distribution out; nil when nothing broke in any drill.
func drawStrip(d Distribution) *strip {
	if d.RTA.N == 0 {
		return nil
	}
	s := &strip{to: stripEnd(d)}
	s.addLines(d)
	top := marginTop + len(s.Lines)*flagHeight + 8
	rows := s.addDots(d)
	s.IntervalY = top + rows*dotHeight + 6
	s.Axis = s.IntervalY + 14
	for i := range s.Dots {
		s.Dots[i].Y = s.IntervalY - 6 - s.Dots[i].Y*dotHeight - dotHeight/2
	}
	if median := d.RTA.Median; median.Coverage > 0 {
		left, right := s.place(median.Low), s.place(median.High)
		s.Interval = &bar{X: percent(left), Width: percent(max(right-left, leastWidth)), Title: "median: " + median.Interval()}
	}
	s.addTicks()
	s.Height = s.Axis + axisHeight
	return s
}

// stripEnd shows every drill that recovered, and the target if it lies near.
func stripEnd(d Distribution) time.Duration {
	var end time.Duration
	for _, record := range d.Records {
		if hasRecoveryTime(record) && (record.Judgement.Recovered || d.Recovered == 0) {
			end = max(end, record.Judgement.RTA)
		}
	}
	if d.RTO <= 2*end {
		end = max(end, d.RTO)
	}
	return max(end+end/20, 10*time.Millisecond)
}

// place is where a time stands, in percent.
func (s *strip) place(bound Bound) float64 {
	if bound.Beyond {
		return beyondAt
	}
	return min(stripScale*float64(bound.Value)/float64(s.to), stripScale)
}

// addDots stacks the drills whose times lie too near to each other; it gives the height of the highest stack.
func (s *strip) addDots(d Distribution) int {
	type taken struct {
		x   float64
		row int
	}
	var placed []taken
	rows := 1
	for _, record := range d.Records {
		if !hasRecoveryTime(record) {
			continue
		}
		here := taken{x: s.place(recoveryBound(record))}
		for i := 0; i < len(placed); i++ {
			if distance := placed[i].x - here.x; placed[i].row == here.row && distance < dotWidth && distance > -dotWidth {
				here.row++
				i = -1 // look again in the next row
			}
		}
		placed = append(placed, here)
		rows = max(rows, here.row+1)
		class, shape := dotClass(d, record)
		s.Dots = append(s.Dots, dot{
			X: percent(here.x), Y: here.row, Class: class, Shape: shape, ID: record.ID,
			Title: dotTitle(record),
		})
	}
	return rows
}

// dotClass tells by colour and shape how a drill stands to the RTO.
func dotClass(d Distribution, record harness.Record) (class, shape string) {
	switch {
	case outcomeOf(record) == inconclusive:
		return "doubt", "ring"
	case !record.Judgement.Recovered:
		return "bad", "arrow"
	case d.misses(record):
		return "bad", "diamond"
	}
	return "good", "disc"
}

func dotTitle(record harness.Record) string {
	return fmt.Sprintf("%s, %s, seed %d, phase %s", recoveryFigure(record), verdictWords(record), record.Seed,
		FormatDuration(record.Phase))
}

// addLines flags the median, the 95th percentile and the target.
func (s *strip) addLines(d Distribution) {
	s.line("median", "median "+d.RTA.Median.At.String(), d.RTA.Median.At)
	s.line("p95", "p95 "+d.RTA.P95.At.String(), d.RTA.P95.At)
	if d.Unnoticed {
		return // every dot is over it
	}
	if d.RTO <= s.to {
		s.line("target", "RTO "+FormatDuration(d.RTO), Bound{Value: d.RTO})
		return
	}
	s.Lines = append(s.Lines, stripLine{
		X: "100%", Anchor: "end", Label: "RTO " + FormatDuration(d.RTO) + " →", Class: "target",
		Row: s.flagRow(), Edge: true,
	})
}

func (s *strip) line(class, label string, at Bound) {
	x := s.place(at)
	one := stripLine{X: percent(x), Anchor: "start", DX: 5, Label: label, Class: class, Row: s.flagRow()}
	if x > 60 {
		one.Anchor, one.DX = "end", -5
	}
	s.Lines = append(s.Lines, one)
}

func (s *strip) flagRow() int { return marginTop + len(s.Lines)*flagHeight + 12 }

// addTicks counts from the fault.
func (s *strip) addTicks() {
	step := tickSteps[len(tickSteps)-1]
	for _, one := range append([]time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond}, tickSteps...) {
		if s.to/one <= mostTicks {
			step = one
			break
		}
	}
	for at := time.Duration(0); at <= s.to; at += step {
		anchor := "middle"
		if at == 0 {
			anchor = "start"
		}
		s.Ticks = append(s.Ticks, tick{X: percent(s.place(Bound{Value: at})), Anchor: anchor, Label: FormatDuration(at)})
	}
}
