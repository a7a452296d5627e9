package reports

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// writesOf adds the ledgers up.
func writesOf(record harness.Record) harness.RecordLedger {
	var sum harness.RecordLedger
	for _, ledger := range record.Ledgers {
		sum.Acknowledged += ledger.Acknowledged
		sum.Kept += ledger.Kept
		sum.Lost += ledger.Lost
		sum.Unknown += ledger.Unknown
		sum.UnknownKept += ledger.UnknownKept
		sum.Reappeared += ledger.Reappeared
	}
	return sum
}

// A ledgerView is a ledger, with how old its oldest lost write was at the fault.
type ledgerView struct {
	harness.RecordLedger
	OldestLost string
}

func ledgersOf(record harness.Record) []ledgerView {
	var views []ledgerView
	for _, ledger := range record.Ledgers {
		view := ledgerView{ledger, "-"}
		if ledger.Lost > 0 && record.Fault != nil {
			view.OldestLost = "after t0"
			if before := record.Fault.At - ledger.OldestLost; before > 0 {
				view.OldestLost = FormatDuration(before) + " before t0"
			}
		}
		views = append(views, view)
	}
	return views
}

// A registerView is a register with its history as a picture.
type registerView struct {
	harness.RecordRegister
	Sentence string // what the check found
	Drawn    *history
}

func registersOf(record harness.Record) []registerView {
	var views []registerView
	for _, register := range record.Registers {
		views = append(views, registerView{register, registerSentence(register), drawHistory(register)})
	}
	return views
}

func registerSentence(register harness.RecordRegister) string {
	text := fmt.Sprintf("%s: %s by %s, %d refused, %d unknown: ", register.Name,
		plural(register.Operations, "operation"), plural(register.Clients, "client"), register.Refused, register.Unknown)
	switch register.Linearizable {
	case harness.Linearizable:
		text += "linearizable"
	case harness.NotLinearizable:
		text += "not linearizable"
	default:
		text += "not checked"
	}
	if register.Explanation != "" {
		text += ": " + register.Explanation
	}
	return printable(text)
}
