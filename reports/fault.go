package reports

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A faultView is one of a drill's faults.
type faultView struct {
	harness.RecordFault
	Name     string        // "fault", "second fault"
	Further  bool          // it struck during the recovery
	Since    time.Duration // after t0
	Lifted   time.Duration // when the harness took it back; means nothing unless RevertedAt
	Sentence string        // when it struck and what proves it
}

// faultsOf are the first fault and those that struck during the recovery; without a first one, those alone.
func faultsOf(record harness.Record, t0 time.Duration) []faultView {
	var views []faultView
	if record.Fault != nil {
		views = append(views, faultView{RecordFault: *record.Fault, Name: "fault", Lifted: record.Fault.RevertedAt - t0})
	}
	for i, fault := range record.FurtherFaults {
		view := faultView{
			RecordFault: fault, Name: ordinal(i+2) + " fault", Further: true, Since: fault.At - t0, Lifted: fault.RevertedAt - t0,
		}
		if view.Sentence = view.Name; record.Fault != nil {
			view.Sentence += ", " + offset(view.Since)
		}
		view.Sentence += ": " + fault.Description
		if fault.Confirmed == "" {
			view.Sentence += "; nothing proved that it bites"
		} else {
			view.Sentence += "; it bites: " + fault.Confirmed
		}
		views = append(views, view)
	}
	return views
}

// ordinal is the word for a fault's number.
func ordinal(number int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth"}
	if number < len(words) {
		return words[number]
	}
	return fmt.Sprintf("%dth", number)
}
