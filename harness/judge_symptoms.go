package harness

import (
	"cmp"
	"fmt"
	"slices"
)

// A Symptom is what became of one SLI or ledger after the fault.
type Symptom struct {
	Subject string      `json:"subject"` // the SLI, or the ledger
	Kind    SymptomKind `json:"kind"`
	Says    string      `json:"says,omitempty"` // what was seen first when it went wrong
}

// SymptomKind tells what an alarm could have seen.
type SymptomKind string

// The kinds of symptoms. The silent ones are the dangerous ones: something is wrong, and every client goes
// on getting the answers that it wants.
const (
	StaysGreen  SymptomKind = "green"
	GoesRed     SymptomKind = "red"
	WrongSilent SymptomKind = "wrong without going red"
)

// symptoms sorts everything that was looked at by what became of it, until somebody began to repair. A record in which
// nobody has looked at what no client sees has none: it could not tell green from silently wrong.
func (o observation) symptoms(record Record) []Symptom {
	if record.Fault == nil || !slices.ContainsFunc(record.SLIs, func(sli RecordSLI) bool { return sli.Unseen }) {
		return nil
	}
	alone := o
	if len(record.Steps) > 0 {
		alone.until = min(o.until, record.Steps[0].From)
	}
	var found []Symptom
	for _, sli := range record.SLIs {
		symptom := Symptom{Subject: sli.Name, Kind: StaysGreen}
		if failed := alone.failedSpell(sli, record.Fault.At); failed != nil {
			symptom.Kind, symptom.Says = GoesRed, cmp.Or(failed.FirstError, failed.Error)
			if sli.Unseen {
				symptom.Kind = WrongSilent
			}
		}
		found = append(found, symptom)
	}
	for _, ledger := range record.Ledgers {
		if ledger.Reconciled {
			found = append(found, ledgerSymptom(ledger))
		}
	}
	return found
}

// ledgerSymptom tells whether what was acknowledged is there. A writer who is refused knows; one whose write was
// acknowledged and is gone sees nothing at all.
func ledgerSymptom(ledger RecordLedger) Symptom {
	symptom := Symptom{Subject: ledger.Name, Kind: StaysGreen}
	if ledger.Lost > 0 {
		symptom.Kind, symptom.Says = WrongSilent, fmt.Sprintf("%d acknowledged writes are lost", ledger.Lost)
	}
	return symptom
}
