package reports

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A metric is one family: at most one figure per record.
type metric struct {
	name, unit, help string
	// value is the record's figure; false when the drill has none.
	value func(harness.Record) (float64, bool)
}

var metrics = []metric{
	{
		"reprise_rta_seconds", "seconds", "Recovery time actual: fault to the last SLI's return; a lower bound where " +
			"reprise_recovered is 0.",
		func(r harness.Record) (float64, bool) {
			return r.Judgement.RTA.Seconds(), hasRecoveryTime(r)
		},
	},
	{
		"reprise_rta_resolution_seconds", "seconds", "Error bound of reprise_rta_seconds.",
		func(r harness.Record) (float64, bool) { return r.Judgement.Resolution.Seconds(), r.Fault != nil },
	},
	{
		"reprise_rto_seconds", "seconds", "Recovery time objective: the target of reprise_rta_seconds.",
		func(r harness.Record) (float64, bool) { return r.Objective.RTO.Seconds(), !r.Objective.Unnoticed },
	},
	{
		"reprise_rpa_seconds", "seconds", "Recovery point actual: age at the fault of the oldest acknowledged write that was lost; " +
			"0 when none was.",
		func(r harness.Record) (float64, bool) { return r.Judgement.RPA.Seconds(), r.Judgement.DataJudged },
	},
	{
		"reprise_rpo_seconds", "seconds", "Recovery point objective: the target of reprise_rpa_seconds.",
		func(r harness.Record) (float64, bool) { return r.Objective.RPO.Seconds(), !r.Objective.NoData },
	},
	{
		"reprise_ttd_seconds", "seconds", "Time to detect: fault to the first moment at which a failure of the steady state was known.",
		func(r harness.Record) (float64, bool) { return r.Judgement.TTD.Seconds(), wasDetected(r) },
	},
	{
		"reprise_lost_writes", "", "Acknowledged writes that were gone afterwards.",
		func(r harness.Record) (float64, bool) { return float64(r.Judgement.Lost), r.Judgement.DataJudged },
	},
	{
		"reprise_kept_writes", "", "Acknowledged writes that were there afterwards.",
		func(r harness.Record) (float64, bool) { return float64(writesOf(r).Kept), r.Judgement.DataJudged },
	},
	{
		"reprise_reappeared_writes", "", "Refused writes that were there afterwards all the same.",
		func(r harness.Record) (float64, bool) { return float64(writesOf(r).Reappeared), r.Judgement.DataJudged },
	},
	{
		"reprise_unknown_writes", "", "Writes whose outcome nobody told the client: neither lost nor kept.",
		func(r harness.Record) (float64, bool) { return float64(writesOf(r).Unknown), len(r.Ledgers) > 0 },
	},
	{
		"reprise_unknown_kept_writes", "", "Writes of unknown outcome that were there afterwards.",
		func(r harness.Record) (float64, bool) {
			return float64(writesOf(r).UnknownKept), r.Judgement.DataJudged
		},
	},
	{
		"reprise_skipped_questions", "", "Questions that the observer left out because it was late.",
		func(r harness.Record) (float64, bool) { return float64(skippedQuestions(r)), len(r.SLIs) > 0 },
	},
	{
		"reprise_registers_not_linearizable", "", "Registers with a history that no order explains.",
		func(r harness.Record) (float64, bool) { return float64(brokenRegisters(r)), len(r.Registers) > 0 },
	},
	{
		"reprise_recovered", "", "1 when the steady state held again, 0 when it did not.",
		func(r harness.Record) (float64, bool) { return truth(r.Judgement.Recovered), true },
	},
	{
		"reprise_as_claimed", "", "1 when the verdict is conclusive and the one the spec claims, else 0.",
		func(r harness.Record) (float64, bool) { return truth(outcomeOf(r) == asClaimed), true },
	},
	{
		"reprise_started_timestamp_seconds", "seconds", "When the drill started, in seconds since 1970.",
		func(r harness.Record) (float64, bool) {
			return float64(r.Started.UnixNano()) / float64(time.Second), !r.Started.IsZero()
		},
	},
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
