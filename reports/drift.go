package reports

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// A driftRow is one difference of one node.
type driftRow struct {
	harness.RecordDifference
	Node string
}

// A driftSentence is one node's drift in words.
type driftSentence struct{ Class, Mark, Text string }

// DriftSentences say of each node that was looked at how much of it is different, those with a surprise first.
func (v drillView) DriftSentences() []driftSentence { return driftSentences(v.Record) }

func driftSentences(record harness.Record) []driftSentence {
	var surprises, others []driftSentence
	same := 0
	for _, drift := range record.Drift {
		explained, unexplained := len(drift.Explained)+drift.ExplainedMore, len(drift.Unexplained)+drift.UnexplainedMore
		text := fmt.Sprintf("%s: %s, all planned", drift.Node, plural(explained, "difference"))
		switch {
		case unexplained > 0:
			text = fmt.Sprintf("%s: %s, %s planned", drift.Node, plural(unexplained, "difference")+" that nobody planned",
				fmt.Sprint(explained))
			if drift.UnexplainedMore > 0 {
				text += fmt.Sprintf("; %d of them are not listed", drift.UnexplainedMore)
			}
			surprises = append(surprises, driftSentence{"doubt", "!", text})
		case explained > 0:
			others = append(others, driftSentence{"good", asClaimed.mark(), text})
		default:
			same++
		}
	}
	if same > 0 {
		others = append(others, driftSentence{"good", asClaimed.mark(), plural(same, "node") +
			" as before the fault, in every trait that was compared"})
	}
	return append(surprises, others...)
}

// Unexplained are the differences that nobody planned.
func (v drillView) Unexplained() []driftRow {
	return driftRows(v.Record, func(drift harness.RecordDrift) []harness.RecordDifference { return drift.Unexplained })
}

// Explained are those that were planned.
func (v drillView) Explained() []driftRow {
	return driftRows(v.Record, func(drift harness.RecordDrift) []harness.RecordDifference { return drift.Explained })
}

func driftRows(record harness.Record, of func(harness.RecordDrift) []harness.RecordDifference) []driftRow {
	var rows []driftRow
	for _, drift := range record.Drift {
		for _, difference := range of(drift) {
			rows = append(rows, driftRow{RecordDifference: difference, Node: drift.Node})
		}
	}
	return rows
}

// summarisedSurprises is how many differences and mentions the summary lists: the page lists all.
const summarisedSurprises = 10

// driftNotes are the drift and the mentions in lines, for where there is no table.
func driftNotes(record harness.Record) []string {
	var notes []string
	for _, one := range driftSentences(record) {
		notes = append(notes, one.Mark+" "+one.Text)
	}
	var surprises []string
	for _, row := range driftRows(record, func(drift harness.RecordDrift) []harness.RecordDifference { return drift.Unexplained }) {
		difference := harness.Difference{Kind: row.Kind, Key: row.Key, Before: row.Before, After: row.After}
		surprises = append(surprises, fmt.Sprintf("! %s: %s", row.Node, difference))
	}
	for _, mention := range record.Forgotten() {
		surprises = append(surprises, fmt.Sprintf("! %s still names %s: %s", placeOf(mention), mention.Address, mention.Text))
	}
	listed := surprises[:min(summarisedSurprises, len(surprises))]
	notes = append(notes, listed...)
	if more := len(surprises) - len(listed); more > 0 {
		notes = append(notes, fmt.Sprintf("! and %d more, in the page", more))
	}
	if expected := len(record.Mentions) - len(record.Forgotten()); expected > 0 {
		notes = append(notes, fmt.Sprintf("%s %s an old address, as expected", asClaimed.mark(), namesOf(expected)))
	}
	return notes
}

func namesOf(places int) string {
	if places == 1 {
		return "1 place still names"
	}
	return fmt.Sprintf("%d places still name", places)
}

// placeOf is where a mention stands.
func placeOf(mention harness.RecordMention) string {
	place := mention.Where + " " + mention.Key
	if mention.Line > 0 {
		place += fmt.Sprintf(", line %d", mention.Line)
	}
	if mention.Node == "" {
		return place
	}
	return mention.Node + ": " + place
}
