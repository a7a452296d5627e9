package verdicts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/reprise-dr/reprise/harness"
)

// Scenario is the folder of the drills whose outcome is known, and the scenario of their records.
const Scenario = "verdicts"

// Drills is how many drills with a known outcome a whole run has.
const Drills = 50

// How the drills' records say what became of them: by labels and by a finding.
const (
	Broken  = "broken" // on purpose; the others are "sound"
	Sound   = "sound"
	Right   = "known outcome: right"
	Wrong   = "known outcome: wrong"
	Starved = "known outcome: inconclusive"
)

// A familyCount is how often drills of one kind were judged rightly.
type familyCount struct {
	name   string
	broken bool
	drills int
	right  int
	wrong  int
	// inconclusive were not judged because the machine was busy; unknown ended before that.
	inconclusive, unknown int
}

// A Count is a run's drills by family: sound ones first, then by name.
type Count []familyCount

// CountOf counts the drills whose outcome is known; others are left out.
func CountOf(records []harness.Record) Count {
	var counted Count
	for _, record := range records {
		broken, sound := slices.Contains(record.Labels, Broken), slices.Contains(record.Labels, Sound)
		if record.Scenario != Scenario || broken == sound {
			continue
		}
		name := familyName(record.Labels)
		place := slices.IndexFunc(counted, func(family familyCount) bool { return family.name == name && family.broken == broken })
		if place < 0 {
			place, counted = len(counted), append(counted, familyCount{name: name, broken: broken})
		}
		counted[place].add(record.Findings)
	}
	slices.SortFunc(counted, func(a, b familyCount) int {
		if a.broken != b.broken {
			return map[bool]int{false: -1, true: 1}[a.broken]
		}
		return strings.Compare(a.name, b.name)
	})
	return counted
}

// familyName is the label that is neither the scenario's nor one of the two kinds.
func familyName(labels []string) string {
	for _, label := range labels {
		if label != Broken && label != Sound && label != Scenario {
			return label
		}
	}
	return "without a name"
}

// add counts one drill.
func (f *familyCount) add(findings []string) {
	f.drills++
	found := func(beginning string) bool {
		return slices.ContainsFunc(findings, func(finding string) bool { return strings.HasPrefix(finding, beginning) })
	}
	switch {
	case found(Wrong):
		f.wrong++
	case found(Starved):
		f.inconclusive++
	case found(Right):
		f.right++
	default:
		f.unknown++
	}
}

// total adds all families up.
func (c Count) total() familyCount {
	var sum familyCount
	for _, family := range c {
		sum.drills += family.drills
		sum.right += family.right
		sum.wrong += family.wrong
		sum.inconclusive += family.inconclusive
		sum.unknown += family.unknown
	}
	return sum
}

// Drills is how many drills were counted.
func (c Count) Drills() int { return c.total().drills }

// Sentence is the claim with its figures.
func (c Count) Sentence() string {
	broken, ways := 0, 0
	for _, family := range c {
		if family.broken {
			broken += family.drills
			ways++
		}
	}
	total := c.total()
	text := fmt.Sprintf("%d drills with a known outcome, %d broken on purpose in %d ways: %d judged wrong, %d inconclusive for "+
		"the machine's sake",
		total.drills, broken, ways, total.wrong, total.inconclusive)
	if total.unknown > 0 {
		text += fmt.Sprintf(", %d ended before they could be judged", total.unknown)
	}
	return text
}

// Verdict is the error of a run whose drills were not all judged rightly, or did not all leave a record: as many as
// were chosen, and all there are when nobody has chosen among them.
func (c Count) Verdict(whole bool, chosen int) error {
	total := c.total()
	switch {
	case total.wrong > 0:
		return fmt.Errorf("judge drills with a known outcome: %d of %d verdicts are wrong", total.wrong, total.drills)
	case total.unknown > 0:
		return fmt.Errorf("judge drills with a known outcome: %d ended before anything could be said of them", total.unknown)
	case chosen == 0:
		return errors.New("judge drills with a known outcome: none was chosen")
	case total.drills != chosen:
		return fmt.Errorf("judge drills with a known outcome: %d left a record: %d were chosen", total.drills, chosen)
	case whole && total.drills != Drills:
		return fmt.Errorf("judge drills with a known outcome: %d left a record: a whole run has %d", total.drills, Drills)
	}
	return nil
}

// kind names what is done with the family's drills.
func (f *familyCount) kind() string {
	if f.broken {
		return Broken
	}
	return Sound
}

// cells are the figures of a row.
func (f *familyCount) cells() []any {
	return []any{f.kind(), f.name, f.drills, f.right, f.wrong, f.inconclusive + f.unknown}
}

// Text is the table for a terminal.
func (c Count) Text() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "kind\twhat is done\tdrills\tright\twrong\tinconclusive")
	for _, family := range c {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\n", family.cells()...)
	}
	_ = table.Flush() // into memory
	return text.String()
}

// Markdown is the table for a page.
func (c Count) Markdown() string {
	var text strings.Builder
	text.WriteString("| Kind | What is done | Drills | Right | Wrong | Inconclusive |\n| --- | --- | --: | --: | --: | --: |\n")
	for _, family := range c {
		fmt.Fprintf(&text, "| %s | %s | %d | %d | %d | %d |\n", family.cells()...)
	}
	return text.String()
}
