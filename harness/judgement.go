package harness

import "time"

// A Verdict says how a drill ended.
type Verdict string

// The three verdicts. Inconclusive is never green: nothing was proved.
const (
	Met          Verdict = "met"
	Missed       Verdict = "missed"
	Inconclusive Verdict = "inconclusive"
)

// RecoveredBy says who or what brought the service back.
type RecoveredBy string

// What brought the service back. A revert lifted the fault: that is no recovery.
const (
	BySelf    RecoveredBy = "self"
	ByRunbook RecoveredBy = "runbook"
	ByRevert  RecoveredBy = "revert"
	ByNobody  RecoveredBy = "nobody"
)

// A Judgement is what follows from a record.
type Judgement struct {
	Verdict     Verdict     `json:"verdict"`
	AsClaimed   bool        `json:"as_claimed"` // the verdict is the one the spec claims, for the misses that it names
	Reasons     []string    `json:"reasons"`
	RecoveredBy RecoveredBy `json:"recovered_by"`
	Recovered   bool        `json:"recovered"`
	// t0 to the last SLI's return, declared time included; when not Recovered: at least this
	RTA      time.Duration `json:"rta_ns"`
	Declared time.Duration `json:"declared_ns"` // part of RTA that was declared, not measured
	// of RTA: how much earlier the last SLI may have been back unseen, or the longest interruption where that is longer, plus
	// t0's uncertainty
	Resolution time.Duration `json:"resolution_ns"`
	TTD        time.Duration `json:"ttd_ns"`      // t0 to the first moment at which a failure of the steady state was known
	Repair     time.Duration `json:"repair_ns"`   // first runbook step's beginning to the last one's end
	Converge   time.Duration `json:"converge_ns"` // last step's end to recovery
	RPA        time.Duration `json:"rpa_ns"`      // t0 minus the acknowledgement of the oldest lost write; 0 when none
	Lost       int           `json:"lost"`        // acknowledged writes lost, over all ledgers
	DataJudged bool          `json:"data_judged"`
	Outages    []Outage      `json:"outages"`
	// Milestones are the parts of the service that were to be back before the whole.
	Milestones []MilestoneTime `json:"milestones,omitempty"`
	// Symptoms are what became of everything that was looked at, in a drill that also looked at what no
	// client sees.
	Symptoms []Symptom `json:"symptoms,omitempty"`
	// Repairs are the runbooks' steps, each with what it took.
	Repairs []RepairStep `json:"repairs,omitempty"`
	// Spared are the SLIs that were named as unaffected and stayed green.
	Spared []string `json:"spared,omitempty"`
	// Misses are what the verdict follows from, unless it is met. A claim that names misses is compared with them.
	Misses []Miss `json:"misses,omitempty"`
}

// A RepairStep is one step of a runbook in figures.
type RepairStep struct {
	Runbook  string        `json:"runbook"`
	Name     string        `json:"name"`
	Took     time.Duration `json:"took_ns"`
	Declared time.Duration `json:"declared_ns,omitempty"`
}

// An Outage is one SLI's loss after t0.
type Outage struct {
	SLI    string        `json:"sli"`
	Steady bool          `json:"steady"`
	Lost   time.Duration `json:"lost_ns"` // offset from t0 of the first failed sample, when it was asked
	// Known is the offset from t0 at which the first failure was known: its answer, or the end of its time limit.
	Known time.Duration `json:"known_ns,omitempty"`
	Back  time.Duration `json:"back_ns"` // offset from t0 of the first success that lasted; meaningless unless Returned
	// Down is the time from Lost to Back, or to the end of the record.
	Down     time.Duration `json:"down_ns"`
	Returned bool          `json:"returned"`
	// Resolution bounds the error of Down: the stretches around both edges in which nobody had asked yet.
	Resolution time.Duration `json:"resolution_ns,omitempty"`
	// Inconclusive says why Down is vaguer than it should be: at an edge nobody had asked, or had an answer,
	// for a period and a half or longer. "" when it is as sharp as the period allows.
	Inconclusive string `json:"inconclusive,omitempty"`
}
