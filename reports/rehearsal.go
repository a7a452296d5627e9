package reports

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// failedRehearsal is what was tried before the fault and did not work, which ended the drill; false when
// everything worked.
func failedRehearsal(record harness.Record) (harness.RecordRehearsal, bool) {
	for _, rehearsal := range record.Rehearsals {
		if rehearsal.Error != "" {
			return rehearsal, true
		}
	}
	return harness.RecordRehearsal{}, false
}

// rehearsalSentence says what was tried before the fault, how long it took and whether it works.
func rehearsalSentence(rehearsal harness.RecordRehearsal) string {
	outcome := "works"
	if rehearsal.Error != "" {
		outcome = "does not work: " + rehearsal.Error
	}
	return printable(fmt.Sprintf("rehearsed before any fault: %s: took %s, %s", rehearsal.Name,
		FormatDuration(rehearsal.To-rehearsal.From), outcome))
}

// rehearsalMark carries the outcome where there is no colour.
func rehearsalMark(rehearsal harness.RecordRehearsal) string {
	if rehearsal.Error != "" {
		return notAsClaimed.mark()
	}
	return asClaimed.mark()
}
