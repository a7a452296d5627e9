package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// tableWidth is the number of columns of a terminal that the table is made for.
const tableWidth = 100

// The terminal colours of the outcomes, in their order: green, red, magenta.
var outcomeColors = [...]string{asClaimed: "\x1b[32m", notAsClaimed: "\x1b[31m", inconclusive: "\x1b[35m"}

const (
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

// Table prints the table that ends a run, one row per drill, grouped by scenario in the order in
// which they come. It is laid out for 100 columns. Without color it contains no escape sequence;
// with it, colour only repeats what the words and marks say.
//
// A spec that failed although its drill went as claimed says so in its row. One that left no record is
// named below, then every suite that failed, with the end of its output, and every spec that never ran.
func Table(w io.Writer, run Run, color bool) {
	t, view := table{w: w, color: color}, viewOfRun(run)
	t.fit(view.Drills)
	if t.needed() > tableWidth {
		t.bare = true
		t.fit(view.Drills)
	}
	t.header()
	scenario := ""
	for i, v := range view.Drills {
		if v.Scenario != scenario || i == 0 {
			scenario = v.Scenario
			fmt.Fprintln(w, t.paint(bold, oneLine(scenario)))
		}
		t.row(v)
		t.failures(v.Failures)
	}
	for _, failure := range slices.Concat(view.Others, view.NeverRan) {
		for _, line := range wrap(failure.Scenario+": "+failure.Title, tableWidth-2) {
			fmt.Fprintln(w, "  "+line)
		}
		t.failures([]Failure{failure})
	}
	t.distributions(view.Distributions)
	fmt.Fprintf(w, "\n%s\n", view.Tally.words())
}

type table struct {
	w     io.Writer
	color bool
	// widths of the columns after the title, in runes
	widths [4]int
	// bare leaves the resolutions out, for figures too long to stand in 100 columns with them
	bare bool
}

var tableHeads = [...]string{"RTA / RTO", "RPA / RPO", "recovered by", "verdict"}

// fit makes the columns as wide as their heads and cells.
func (t *table) fit(drills []*view) {
	for i, head := range tableHeads {
		t.widths[i] = len(head)
	}
	for _, v := range drills {
		for i, cell := range v.cells(t.bare) {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
		}
	}
}

// needed is the width of the columns together.
func (t *table) needed() int {
	width := 2 // titles are indented
	for _, column := range t.widths {
		width += column + 2
	}
	return width
}

// title is the width that is left for a title beside its figures.
func (t *table) title() int {
	return max(tableWidth-t.needed(), 0)
}

func (t *table) header() {
	line := pad("", t.title()+2)
	for i, head := range tableHeads {
		line += "  " + pad(head, t.widths[i])
	}
	fmt.Fprintln(t.w, t.paint(faint, strings.TrimRight(line, " ")))
}

// row prints a drill: its title, its figures beside the title's last line when they fit there and
// below it when not, and what explains it.
func (t *table) row(v *view) {
	title := wrap(v.Title, tableWidth-2)
	if utf8.RuneCountInString(title[len(title)-1]) > t.title() {
		title = append(title, "")
	}
	for _, line := range title[:len(title)-1] {
		fmt.Fprintln(t.w, "  "+line)
	}
	line := "  " + pad(title[len(title)-1], t.title())
	values := v.cells(t.bare)
	for i, cell := range values[:3] {
		line += "  " + pad(cell, t.widths[i])
	}
	fmt.Fprintln(t.w, line+"  "+t.paint(outcomeColors[v.Outcome], values[3]))
	for _, text := range v.Explanations {
		for i, part := range wrap(text, tableWidth-6) {
			bullet := "- "
			if i > 0 {
				bullet = "  "
			}
			fmt.Fprintln(t.w, t.paint(faint, "    "+bullet+part))
		}
	}
}

// failures prints why a spec failed, besides what its drill's verdict says.
func (t *table) failures(failures []Failure) {
	for _, failure := range failures {
		words := oneLine(failure.Message)
		if failure.Kind != NeverRan { // whose message says it
			words = failure.Kind.words() + ": " + words
		}
		for i, part := range wrap("✗ "+words, tableWidth-4) {
			if i > 0 {
				part = "  " + part
			}
			fmt.Fprintln(t.w, t.paint(outcomeColors[notAsClaimed], "    "+part))
		}
		for line := range strings.Lines(printable(failure.Output)) {
			fmt.Fprintln(t.w, t.paint(faint, "      "+strings.TrimRight(line, "\n")))
		}
	}
}

func (t *table) paint(code, text string) string {
	if !t.color || text == "" {
		return text
	}
	return code + text + plain
}

// pad fills a cell up to its width in runes.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// wrap breaks a text at spaces into lines of at most the width; a longer word gets a line of its
// own. It gives at least one line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(printable(text)) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// distributions prints a block per repeated spec below the table.
func (t *table) distributions(all []distributionView) {
	for i, d := range all {
		if i == 0 {
			fmt.Fprintln(t.w, "\n"+t.paint(bold, "repeated drills"))
		}
		for _, line := range wrap(d.Scenario+": "+d.Title, tableWidth-2) {
			fmt.Fprintln(t.w, "  "+line)
		}
		fmt.Fprintln(t.w, "    "+t.paint(outcomeColors[d.outcome()], d.Mark+" "+d.Counts()))
		for _, line := range wrap(d.Sentence(), tableWidth-6) {
			fmt.Fprintln(t.w, "      "+line)
		}
		for _, row := range d.Rows() {
			head := "      " + pad(row.Name, 12) + pad(row.Value+" ", 13)
			for _, line := range wrap(row.Note, tableWidth-utf8.RuneCountInString(head)) {
				fmt.Fprintln(t.w, head+t.paint(faint, line))
				head = pad("", utf8.RuneCountInString(head))
			}
		}
	}
}
