package reports

import (
	"fmt"
	"time"
)

// A strip is the geometry of a distribution's picture: a dot per drill above an axis of recovery
// times. Horizontal places are percentages, vertical ones pixels, as in a timeline.
type strip struct {
	Height, Axis int
	Ticks        []tick
	Dots         []dot
	Lines        flags // the median, the 95th percentile and the target
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
	top := s.Lines.row() - 4
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
	for _, v := range d.drills {
		if v.Measured && (!v.RTA.Beyond || d.Recovered == 0) {
			end = max(end, v.RTA.Value)
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
	for _, v := range d.drills {
		if !v.Measured {
			continue
		}
		here := taken{x: s.place(v.RTA)}
		for i := 0; i < len(placed); i++ {
			if distance := placed[i].x - here.x; placed[i].row == here.row && distance < dotWidth && distance > -dotWidth {
				here.row++
				i = -1 // look again in the next row
			}
		}
		placed = append(placed, here)
		rows = max(rows, here.row+1)
		class, shape := dotClass(d, v)
		s.Dots = append(s.Dots, dot{
			X: percent(here.x), Y: here.row, Class: class, Shape: shape, ID: v.ID,
			Title: fmt.Sprintf("%s, %s, seed %d, phase %s", v.Figure, v.Verdict, v.Seed, FormatDuration(v.Phase)),
		})
	}
	return rows
}

// dotClass tells by colour and shape how a drill stands to the RTO.
func dotClass(d Distribution, v *view) (class, shape string) {
	switch {
	case v.Outcome == inconclusive:
		return "doubt", "ring"
	case v.RTA.Beyond:
		return "bad", "arrow"
	case d.misses(v):
		return "bad", "diamond"
	}
	return "good", "disc"
}

// addLines flags the median, the 95th percentile and the target.
func (s *strip) addLines(d Distribution) {
	s.Lines.add(s.place(d.RTA.Median.At), mark{Class: "median", Label: "median " + d.RTA.Median.At.String()})
	s.Lines.add(s.place(d.RTA.P95.At), mark{Class: "p95", Label: "p95 " + d.RTA.P95.At.String()})
	target := mark{Class: "target", Label: "RTO " + FormatDuration(d.RTO)}
	switch {
	case d.Unnoticed: // every dot is over it
	case d.RTO <= s.to:
		s.Lines.add(s.place(Bound{Value: d.RTO}), target)
	default:
		target.Label += " →"
		s.Lines.addBeyond(target)
	}
}

// addTicks counts from the fault.
func (s *strip) addTicks() {
	step := tickStep(s.to)
	for at := time.Duration(0); at <= s.to; at += step {
		anchor := "middle"
		if at == 0 {
			anchor = "start"
		}
		s.Ticks = append(s.Ticks, tick{X: percent(s.place(Bound{Value: at})), Anchor: anchor, Label: FormatDuration(at)})
	}
}
