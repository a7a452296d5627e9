package reports

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A metric is one family: at most one figure per record.
type metric struct {
	name, unit, help string
	// value is the record's figure; false when the drill has none.
	value func(*view) (float64, bool)
}

var metrics = []metric{
	{
		"reprise_rta_seconds", "seconds", "Recovery time actual: fault to the last SLI's return; a lower bound where " +
			"reprise_recovered is 0.",
		func(v *view) (float64, bool) {
			return v.Judgement.RTA.Seconds(), v.Measured
		},
	},
	{
		"reprise_rta_resolution_seconds", "seconds", "Error bound of reprise_rta_seconds.",
		func(v *view) (float64, bool) { return v.Judgement.Resolution.Seconds(), v.Fault != nil },
	},
	{
		"reprise_rto_seconds", "seconds", "Recovery time objective: the target of reprise_rta_seconds.",
		func(v *view) (float64, bool) { return v.Objective.RTO.Seconds(), !v.Objective.Unnoticed },
	},
	{
		"reprise_rpa_seconds", "seconds", "Recovery point actual: age at the fault of the oldest acknowledged write that was lost; " +
			"0 when none was.",
		func(v *view) (float64, bool) { return v.Judgement.RPA.Seconds(), v.Judgement.DataJudged },
	},
	{
		"reprise_rpo_seconds", "seconds", "Recovery point objective: the target of reprise_rpa_seconds.",
		func(v *view) (float64, bool) { return v.Objective.RPO.Seconds(), !v.Objective.NoData },
	},
	{
		"reprise_ttd_seconds", "seconds", "Time to detect: fault to the first moment at which a failure of the steady state was known.",
		func(v *view) (float64, bool) { return v.Judgement.TTD.Seconds(), v.Detected },
	},
	{
		"reprise_lost_writes", "", "Acknowledged writes that were gone afterwards.",
		func(v *view) (float64, bool) { return float64(v.Judgement.Lost), v.Judgement.DataJudged },
	},
	{
		"reprise_kept_writes", "", "Acknowledged writes that were there afterwards.",
		func(v *view) (float64, bool) { return float64(v.Writes.Kept), v.Judgement.DataJudged },
	},
	{
		"reprise_reappeared_writes", "", "Refused writes that were there afterwards all the same.",
		func(v *view) (float64, bool) { return float64(v.Writes.Reappeared), v.Judgement.DataJudged },
	},
	{
		"reprise_unknown_writes", "", "Writes whose outcome nobody told the client: neither lost nor kept.",
		func(v *view) (float64, bool) { return float64(v.Writes.Unknown), len(v.Ledgers) > 0 },
	},
	{
		"reprise_unknown_kept_writes", "", "Writes of unknown outcome that were there afterwards.",
		func(v *view) (float64, bool) {
			return float64(v.Writes.UnknownKept), v.Judgement.DataJudged
		},
	},
	{
		"reprise_skipped_questions", "", "Questions that the observer left out because it was late.",
		func(v *view) (float64, bool) { return float64(v.skippedQuestions()), len(v.SLIs) > 0 },
	},
	{
		"reprise_registers_not_linearizable", "", "Registers with a history that no order explains.",
		func(v *view) (float64, bool) { return float64(v.brokenRegisters()), len(v.Registers) > 0 },
	},
	{
		"reprise_recovered", "", "1 when the steady state held again, 0 when it did not.",
		func(v *view) (float64, bool) { return truth(v.Judgement.Recovered), true },
	},
	{
		"reprise_as_claimed", "", "1 when the verdict is conclusive and the one the spec claims, else 0.",
		func(v *view) (float64, bool) { return truth(v.Outcome == asClaimed), true },
	},
	{
		"reprise_started_timestamp_seconds", "seconds", "When the drill started, in seconds since 1970.",
		func(v *view) (float64, bool) {
			return float64(v.Started.UnixNano()) / float64(time.Second), !v.Started.IsZero()
		},
	},
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// skippedQuestions counts what the observer left out, over all SLIs.
func (v *view) skippedQuestions() int {
	count := 0
	for _, sli := range v.SLIs {
		count += sli.Skipped
	}
	return count
}

// brokenRegisters counts the registers that are not linearizable.
func (v *view) brokenRegisters() int {
	count := 0
	for _, register := range v.Registers {
		if register.Linearizable == harness.NotLinearizable {
			count++
		}
	}
	return count
}
