package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
)

// sliLane draws what one SLI went through.
func (t *timeline) sliLane(sli harness.RecordSLI, y int) lane {
	row := lane{Label: nameWithPart(sli), Class: "sli steady", Y: y, Note: t.slis(sli)}
	switch {
	case sli.Unaffected:
		row.Class = "sli unaffected"
	case !sli.Steady:
		row.Class = "sli watched"
	}
	room := max(laneCharacters-utf8.RuneCountInString(row.Note), 20)
	row.Label, row.Title = shorten(row.Label, min(laneLabel, room)), row.Label+": "+row.Note
	for i, interval := range sli.Intervals {
		end := interval.To + sli.Period
		if i+1 < len(sli.Intervals) {
			end = sli.Intervals[i+1].Begins()
		}
		begin := interval.Begins()
		if end <= t.scale.from || begin >= t.scale.to {
			continue
		}
		class := "down"
		if interval.Up {
			class = "up"
		}
		row.Bars = append(row.Bars, t.bar(begin, end, class, t.intervalTitle(sli, interval, class, begin, end)))
	}
	return row
}

// slis says beside an SLI's name what became of it.
func (t *timeline) slis(sli harness.RecordSLI) string {
	outage, found := outageOf(t.view.Judgement, sli.Name)
	switch {
	case !found && slices.Contains(t.view.Judgement.Spared, sli.Name):
		return "stayed green"
	case !found:
		return "not affected"
	case !outage.Returned:
		return "never back"
	case outage.Inconclusive != "":
		return "? down for " + downTime(outage) + ", inconclusive"
	}
	return "down for " + downTime(outage)
}

func (t *timeline) intervalTitle(
	sli harness.RecordSLI, interval harness.Interval, state string, begin, end time.Duration,
) string {
	text := fmt.Sprintf("%s: %s from %s to %s, %s, one each %s", sli.Name, state,
		t.view.Offset(begin), t.view.Offset(end), plural(interval.Samples, "sample"), FormatDuration(sli.Period))
	if interval.Error != "" {
		text += ": " + printable(interval.Error)
	}
	return text
}

// addSteps gives every step of a runbook a lane, below a heading per runbook.
func (t *timeline) addSteps(y int) int {
	runbook := ""
	for i, step := range t.view.Steps {
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
	title := fmt.Sprintf("%s: %s: from %s, %s", step.Runbook, step.Name, t.view.Offset(step.From), length)
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

// laneLabel is how many characters of an SLI's name a narrow window has room for.
const laneLabel = 52

// laneCharacters is how many characters a narrow window has room for in a lane, name and note together.
const laneCharacters = 68

// shorten cuts a label; the whole text is in its title and in the tables.
func shorten(label string, most int) string {
	if utf8.RuneCountInString(label) <= most {
		return label
	}
	return strings.TrimRight(string([]rune(label)[:max(most, 1)-1]), " ,") + "…"
}
