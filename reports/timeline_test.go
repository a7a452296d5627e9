package reports

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// judged is a record with its judgement.
func judged(record harness.Record) harness.Record {
	record.Judgement = judge.Judge(record)
	return record
}

// place reads a percentage back.
func place(t *testing.T, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// findMark finds a mark by its class.
func findMark(t *testing.T, drawn *timeline, class string) mark {
	t.Helper()
	for _, mark := range drawn.Marks {
		if mark.Class == class {
			return mark
		}
	}
	t.Fatalf("there is no mark %q among %+v", class, drawn.Marks)
	return mark{}
}

// TestTimelineAgreesWithTheFigures proves that the picture shows what the judge says: the outage
// ends at the recovery mark, which stands RTA after the fault. Method: convert places back to times.
func TestTimelineAgreesWithTheFigures(t *testing.T) {
	record := judged(madeUpDrill(t, "recovered-by-peers-json"))
	drawn := viewOf(record, nil).Timeline
	span := float64(drawn.scale.to - drawn.scale.from)
	after := func(x string) time.Duration {
		return time.Duration(place(t, x)/100*span) + drawn.scale.from - drawn.scale.zero
	}
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if precision := time.Duration(span / 5000); got < want-precision || got > want+precision {
			t.Errorf("%s is drawn at %v, want %v", what, got, want)
		}
	}
	near("the fault", after(findMark(t, drawn, "fault").X), 0)
	near("the detection", after(findMark(t, drawn, "detect").X), record.Judgement.TTD)
	near("the recovery", after(findMark(t, drawn, "recover").X), record.Judgement.RTA)
	outage := record.Judgement.Outages[1]
	for _, lane := range drawn.Lanes {
		if lane.Label != outage.SLI {
			continue
		}
		down, up := lane.Bars[1], lane.Bars[2]
		if down.Class != "down" || up.Class != "up" || len(lane.Bars) != 3 {
			t.Fatalf("the lane is %+v, want up, down, up", lane.Bars)
		}
		near("the loss", after(down.X), outage.Lost)
		near("the return", after(up.X), outage.Back)
		return
	}
	t.Errorf("no lane %q", outage.SLI)
}

// TestTimelineStaysInside proves that nothing is drawn outside the picture, and that no two flags
// share a row. Method: check every place of every made-up record, and of records with little in them.
func TestTimelineStaysInside(t *testing.T) {
	empty := harness.Record{SLIs: []harness.RecordSLI{{Name: "never asked"}}}
	noFault := madeUpDrill(t, "leader-killed")
	noFault.Fault = nil
	for _, record := range append(madeUp(t), judged(empty), judged(noFault)) {
		drawn := viewOf(record, nil).Timeline
		rows := map[int]bool{}
		for _, mark := range drawn.Marks {
			if rows[mark.Row] {
				t.Errorf("%s: two flags in row %d", record.ID, mark.Row)
			}
			rows[mark.Row] = true
			inside(t, record.ID, bar{X: mark.X, Width: "0%"})
		}
		for _, lane := range drawn.Lanes {
			for _, bar := range lane.Bars {
				inside(t, record.ID, bar)
			}
		}
		for _, step := range drawn.Steps {
			inside(t, record.ID, step.Bar)
		}
		if len(drawn.Ticks) < 2 || len(drawn.Ticks) > mostTicks+1 {
			t.Errorf("%s: %d ticks", record.ID, len(drawn.Ticks))
		}
	}
}

func inside(t *testing.T, id string, drawn bar) {
	t.Helper()
	if left, width := place(t, drawn.X), place(t, drawn.Width); left < 0 || left+width > 100.02 {
		t.Errorf("%s: %+v lies outside the picture", id, drawn)
	}
}

// TestTimelineTarget proves where the RTO is drawn: as a line when it lies near, as an arrow at the
// edge when it is far off, earlier by what was declared, and not at all when that is all of it.
// Method: one drill with different targets.
func TestTimelineTarget(t *testing.T) {
	for name, test := range map[string]struct {
		target, declared time.Duration
		label            string
		edge             bool
	}{
		"near":         {20 * time.Second, 0, "RTO 20 s", false},
		"far":          {10 * time.Minute, 0, "RTO 10 min →", true},
		"declared":     {10*time.Minute + 20*time.Second, 10 * time.Minute, "RTO 10 min 20 s, less 10 min declared", false},
		"all declared": {10 * time.Minute, 20 * time.Minute, "RTO 10 min, less 20 min declared: used up", true},
	} {
		t.Run(name, func(t *testing.T) {
			record := madeUpDrill(t, "recovered-by-peers-json")
			record.Objective.RTO = test.target
			record.Steps[0].Declared = test.declared
			got := findMark(t, viewOf(judged(record), nil).Timeline, "target")
			if got.Label != test.label || got.Edge != test.edge {
				t.Errorf("got %q at the edge %v, want %q, %v", got.Label, got.Edge, test.label, test.edge)
			}
		})
	}
}

// TestTimelineNothingToShow proves that a record without samples and steps gets no picture.
// Method: draw an empty record.
func TestTimelineNothingToShow(t *testing.T) {
	if drawn := viewOf(harness.Record{}, nil).Timeline; drawn != nil {
		t.Errorf("got %+v, want no picture", drawn)
	}
}
