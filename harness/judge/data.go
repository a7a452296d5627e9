package judge

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// A dataBalance is what the ledgers of a record say.
type dataBalance struct {
	judged       bool
	lost         int
	acknowledged int
	rpa          time.Duration
	doubts       []Reason
}

// dataLoss adds the ledgers up.
func dataLoss(record harness.Record) dataBalance {
	var balance dataBalance
	for _, ledger := range record.Ledgers {
		balance.acknowledged += ledger.Acknowledged
		balance.lost += ledger.Lost
		if ledger.Lost > 0 && record.Fault != nil {
			balance.rpa = max(balance.rpa, record.Fault.At-ledger.OldestLost)
		}
	}
	if record.Objective.NoData {
		return balance
	}
	doubt := func(format string, values ...any) {
		balance.doubts = append(balance.doubts, because(harness.DataUnknown, format, values...))
	}
	if len(record.Ledgers) == 0 {
		doubt("nothing was written, so the RPO of %v cannot be judged", record.Objective.RPO)
	}
	for _, ledger := range record.Ledgers {
		if !ledger.Reconciled {
			doubt("ledger %q was never read back, so what became of %d acknowledged writes is unknown", ledger.Name, ledger.Acknowledged)
		}
		if ledger.AcknowledgedBefore < MinimumWrites {
			doubt("ledger %q had %d writes acknowledged before the fault: at least %d are needed to say what was lost", ledger.Name,
				ledger.AcknowledgedBefore, MinimumWrites)
		}
	}
	balance.judged = len(balance.doubts) == 0
	return balance
}

// misses says why the data loss misses its target. An RPO of 0 allows no lost write at all, also
// none that was acknowledged after the fault, which the RPA does not count as time before it.
func (b dataBalance) misses(record harness.Record, judgement harness.Judgement) []Reason {
	if record.Objective.NoData || b.lost == 0 {
		return nil
	}
	if judgement.RPA <= record.Objective.RPO && record.Objective.RPO > 0 {
		return nil
	}
	missed := Reason{says: b.loss(record)}
	for _, ledger := range record.Ledgers {
		if ledger.Lost > 0 {
			missed.misses = append(missed.misses, harness.DataLost.Of(ledger.Name))
		}
	}
	return []Reason{missed}
}

// passes says in figures why the data loss meets its target.
func (b dataBalance) passes(record harness.Record) []string {
	switch {
	case record.Objective.NoData:
		return nil
	case b.lost == 0:
		return []string{fmt.Sprintf("none of %d acknowledged writes was lost", b.acknowledged)}
	}
	return []string{b.loss(record)}
}

// loss says what was lost against its target.
func (b dataBalance) loss(record harness.Record) string {
	since := "all of them acknowledged after the fault"
	if b.rpa > 0 {
		since = fmt.Sprintf("the oldest acknowledged %v before the fault", words.Figure(b.rpa))
	}
	return fmt.Sprintf("%d of %d acknowledged writes were lost, %s: the RPO is %v", b.lost, b.acknowledged, since,
		record.Objective.RPO)
}
