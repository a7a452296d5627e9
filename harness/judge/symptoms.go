package judge

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// symptoms sorts everything that was looked at by what became of it, until somebody began to repair. A record in which
// nobody has looked at what no client sees has none: it could not tell green from silently wrong.
func (o Observation) symptoms(record harness.Record) []harness.Symptom {
	if record.Fault == nil || !slices.ContainsFunc(record.SLIs, func(sli harness.RecordSLI) bool { return sli.Unseen }) {
		return nil
	}
	alone := o
	if len(record.Steps) > 0 {
		alone.until = min(o.until, record.Steps[0].From)
	}
	var found []harness.Symptom
	for _, sli := range record.SLIs {
		symptom := harness.Symptom{Subject: sli.Name, Kind: harness.StaysGreen}
		if failed := alone.failedInterval(sli, record.Fault.At); failed != nil {
			symptom.Kind, symptom.Says = harness.GoesRed, cmp.Or(failed.FirstError, failed.Error)
			if sli.Unseen {
				symptom.Kind = harness.WrongSilent
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
func ledgerSymptom(ledger harness.RecordLedger) harness.Symptom {
	symptom := harness.Symptom{Subject: ledger.Name, Kind: harness.StaysGreen}
	if ledger.Lost > 0 {
		symptom.Kind, symptom.Says = harness.WrongSilent, fmt.Sprintf("%d acknowledged writes are lost", ledger.Lost)
	}
	return symptom
}
