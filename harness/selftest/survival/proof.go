package survival

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/reprise-dr/reprise/reports"
)

// File is where a proof leaves its result, below its folder.
const File = "survival/result.json"

// schema names the version of the result's JSON.
const schema = "reprise.survival/v1"

// A Proof is what one proof found. Durations are nanoseconds in JSON.
type Proof struct {
	Schema     string        `json:"schema"`
	Started    time.Time     `json:"started"`
	Duration   time.Duration `json:"duration_ns"`
	Seed       int64         `json:"seed"`
	Processors int           `json:"processors"`
	NotSeen    []string      `json:"not_seen,omitempty"` // what could not be looked at, and why
	Cells      []Result      `json:"cells"`
}

// NewProof begins a proof, now and on this machine.
func NewProof(seed int64) Proof {
	return Proof{Schema: schema, Started: time.Now().Round(0).UTC(), Seed: seed, Processors: runtime.NumCPU()}
}

// Whole tells whether the proof is of this version, and of as many moments as a whole one has.
func (r Proof) Whole() bool {
	return r.Schema == schema && len(r.Cells) >= Moments
}

// Good counts the moments after which everything was as promised.
func (r Proof) Good() int {
	count := 0
	for _, cell := range r.Cells {
		if cell.Good() {
			count++
		}
	}
	return count
}

// Sentence is the proof's last line.
func (r Proof) Sentence() string { return fmt.Sprintf("%d of %d", r.Good(), len(r.Cells)) }

// Line says what became of a moment.
func (r *Result) Line() string {
	switch {
	case r.Skipped != "":
		return "skipped: " + r.Skipped
	case len(r.Problems) > 0:
		return "RED: " + strings.Join(r.Problems, "; ")
	}
	text := "ok after " + reports.FormatDuration(r.Gone)
	if len(r.Kept) > 0 {
		text += ", until the next run: " + strings.Join(r.Kept, ", ")
	}
	return text
}

// word is the line as a field of the matrix has it.
func (r *Result) word() string {
	switch {
	case r.Skipped != "":
		return "skipped"
	case len(r.Problems) > 0:
		return "red"
	case len(r.Kept) > 0:
		return "ok, later"
	}
	return "ok"
}

// rows are the fields of the matrix: for each action one for each phase. What fits and was not drawn is a dot.
func (r Proof) rows() [][]string {
	var rows [][]string
	for _, action := range Actions {
		row := []string{string(action)}
		for _, phase := range Phases {
			var words []string
			for _, cell := range r.Cells {
				if cell.Action == action && cell.Phase == phase {
					words = append(words, cell.word())
				}
			}
			switch {
			case len(words) > 0:
				row = append(row, strings.Join(words, " "))
			case action.fits(phase):
				row = append(row, "·")
			default:
				row = append(row, "")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// heading is the first row of the matrix.
func heading() []string {
	heading := []string{"what is done"}
	for _, phase := range Phases {
		heading = append(heading, string(phase))
	}
	return heading
}

// notes are sentences below the matrix: what it does not say for itself.
func (r Proof) notes() []string {
	var notes []string
	for _, cell := range r.Cells {
		if !cell.Good() || len(cell.Kept) > 0 {
			notes = append(notes, fmt.Sprintf("%d, %s: %s", cell.Number, cell, cell.Line()))
		}
	}
	for _, hidden := range r.NotSeen {
		notes = append(notes, "not looked at: "+hidden)
	}
	return notes
}

// Text is the matrix for a terminal.
func (r Proof) Text() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heading()}, r.rows()...) {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush() // into memory
	for _, note := range r.notes() {
		fmt.Fprintln(&text, note)
	}
	return text.String()
}

// Markdown is the matrix for a page.
func (r Proof) Markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "| %s |\n|%s\n", strings.Join(heading(), " | "), strings.Repeat(" --- |", len(Phases)+1))
	for _, row := range r.rows() {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
	}
	var slowest time.Duration
	kept := map[string]bool{}
	for _, cell := range r.Cells {
		slowest = max(slowest, cell.Gone)
		for _, thing := range cell.Kept {
			kind, _, _ := strings.Cut(thing, " ")
			kept[kind] = true
		}
	}
	fmt.Fprintf(&text, "\n**%s** as promised. A dot is a pair that this seed did not draw; an empty field is one that cannot "+
		"be. The slowest was gone after %s.",
		r.Sentence(), reports.FormatDuration(slowest.Round(100*time.Millisecond)))
	if len(kept) > 0 {
		fmt.Fprintf(&text, " Later: nobody was left to remove a %s, which the next run did.",
			strings.Join(slices.Sorted(maps.Keys(kept)), " and a "))
	}
	for _, cell := range r.Cells {
		if !cell.Good() {
			fmt.Fprintf(&text, "\n%s: %s.", cell, cell.Line())
		}
	}
	fmt.Fprintf(&text, "\nSeed %d, on %s, in %s; %d processors.\n",
		r.Seed, r.Started.Format(time.DateOnly), reports.FormatDuration(r.Duration), r.Processors)
	return text.String()
}
