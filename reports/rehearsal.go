package reports

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// A rehearsalView is what was tried before the fault; one that does not work ended the drill.
type rehearsalView struct {
	harness.RecordRehearsal
	sign
	Sentence string // what was tried, how long it took and whether it works
}

func rehearsalsOf(record harness.Record) []rehearsalView {
	var views []rehearsalView
	for _, rehearsal := range record.Rehearsals {
		sign, outcome := good, "works"
		if rehearsal.Error != "" {
			sign, outcome = bad, "does not work: "+rehearsal.Error
		}
		views = append(views, rehearsalView{rehearsal, sign, printable(fmt.Sprintf("rehearsed before any fault: %s: took %s, %s",
			rehearsal.Name, FormatDuration(rehearsal.To-rehearsal.From), outcome))})
	}
	return views
}
