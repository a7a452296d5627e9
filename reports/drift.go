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
type driftSentence struct {
	sign
	Text string
}

// addDrift says of each node that was looked at how much of it is different, those with a surprise first, and lists the
// differences.
func (v *view) addDrift() {
	var others []driftSentence
	same := 0
	for _, drift := range v.Drift {
		v.Explained = append(v.Explained, driftRows(drift.Node, drift.Explained)...)
		v.Unexplained = append(v.Unexplained, driftRows(drift.Node, drift.Unexplained)...)
		explained, unexplained := len(drift.Explained)+drift.ExplainedMore, len(drift.Unexplained)+drift.UnexplainedMore
		switch {
		case unexplained > 0:
			text := fmt.Sprintf("%s: %s that nobody planned, %d planned", drift.Node, plural(unexplained, "difference"), explained)
			if drift.UnexplainedMore > 0 {
				text += fmt.Sprintf("; %d of them are not listed", drift.UnexplainedMore)
			}
			v.DriftSentences = append(v.DriftSentences, driftSentence{notable, text})
		case explained > 0:
			text := fmt.Sprintf("%s: %s, all planned", drift.Node, plural(explained, "difference"))
			others = append(others, driftSentence{good, text})
		default:
			same++
		}
	}
	if same > 0 {
		others = append(others, driftSentence{good, plural(same, "node") + " as before the fault, in every trait that was compared"})
	}
	v.DriftSentences = append(v.DriftSentences, others...)
	v.DriftNotes = v.driftNotes()
}

func driftRows(node string, differences []harness.RecordDifference) []driftRow {
	var rows []driftRow
	for _, difference := range differences {
		rows = append(rows, driftRow{difference, node})
	}
	return rows
}

// summarisedSurprises is how many differences and mentions the notes list: the page lists all.
const summarisedSurprises = 10

func (v *view) driftNotes() []string {
	var notes, surprises []string
	for _, one := range v.DriftSentences {
		notes = append(notes, one.Mark+" "+one.Text)
	}
	for _, row := range v.Unexplained {
		difference := harness.Difference{Kind: row.Kind, Key: row.Key, Before: row.Before, After: row.After}
		surprises = append(surprises, fmt.Sprintf("! %s: %s", row.Node, difference))
	}
	forgotten := v.Forgotten()
	for _, mention := range forgotten {
		surprises = append(surprises, fmt.Sprintf("! %s still names %s: %s", placeOf(mention), mention.Address, mention.Text))
	}
	listed := surprises[:min(summarisedSurprises, len(surprises))]
	notes = append(notes, listed...)
	if more := len(surprises) - len(listed); more > 0 {
		notes = append(notes, fmt.Sprintf("! and %d more, in the page", more))
	}
	switch expected := len(v.Mentions) - len(forgotten); expected {
	case 0:
	case 1:
		notes = append(notes, good.Mark+" 1 place still names an old address, as expected")
	default:
		notes = append(notes, fmt.Sprintf("%s %d places still name an old address, as expected", good.Mark, expected))
	}
	return notes
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
