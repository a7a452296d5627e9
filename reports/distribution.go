package reports

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Distribution is what several drills of the same spec say together.
type Distribution struct {
	Scenario, Title string
	// Records are the drills, in the order in which they came: two or more.
	Records []harness.Record
	// Recovered, Met, Missed and Inconclusive count drills; AsClaimed counts those whose verdict is
	// conclusive and the one that the spec claims.
	Recovered, Met, Missed, Inconclusive, AsClaimed int
	// Unmeasured counts the drills without a recovery time: no fault was injected, or it broke nothing.
	// They are no part of RTA, and the RTO cannot be met with them.
	Unmeasured int
	// RTA is over all drills in which something broke. One that did not recover counts as longer than
	// every one that did: it is never dropped, for the worst drills would be missing.
	RTA Spread
	// TTD is over the drills whose failure was detected, RPA over those whose data was judged.
	TTD, RPA Spread
	// Lost is how many acknowledged writes were lost in all drills, MostLost in the worst of them.
	Lost, MostLost int
	// RTO is the target: the shortest one where the drills do not have the same.
	RTO time.Duration
	// Unnoticed says that the target is another one: nobody may notice. Who has not noticed has no recovery time.
	Unnoticed bool
	// Resolution is the coarsest error bound of an RTA.
	Resolution time.Duration
	// Worst is the drill with the longest recovery time, of those that did not recover the one that was
	// watched the longest. It means nothing when RTA.N is 0.
	Worst harness.Record
	// Verdict is that of the RTO, judged on the worst drill: missed when that took longer, met when
	// none did and every drill was measured and conclusive, else inconclusive.
	Verdict harness.Verdict

	drills []*view
	worst  string // how long the worst took
}

// Distributions groups the drills by scenario and title, in the order of each group's first drill.
// A drill that has no second one like it makes no distribution.
func Distributions(records []harness.Record) []Distribution {
	return distributionsOf(viewsOf(Run{Records: records}))
}

func distributionsOf(drills []*view) []Distribution {
	type spec struct{ scenario, title string }
	var order []spec
	groups := map[spec][]*view{}
	for _, v := range drills {
		key := spec{v.Scenario, v.Title}
		if len(groups[key]) == 0 {
			order = append(order, key)
		}
		groups[key] = append(groups[key], v)
	}
	var distributions []Distribution
	for _, key := range order {
		if group := groups[key]; len(group) > 1 {
			distributions = append(distributions, distributionOf(group))
		}
	}
	return distributions
}

func distributionOf(drills []*view) Distribution {
	first := drills[0]
	d := Distribution{
		Scenario: first.Scenario, Title: first.Title, RTO: first.Objective.RTO, Unnoticed: first.Objective.Unnoticed, drills: drills,
	}
	var recoveries, detections, losses []Bound
	var worst Bound
	for _, v := range drills {
		d = d.with(v)
		judgement := v.Judgement
		if v.Detected {
			detections = append(detections, Bound{Value: judgement.TTD})
		}
		if judgement.DataJudged {
			losses = append(losses, Bound{Value: judgement.RPA})
		}
		if !v.Measured {
			if !v.Objective.Unnoticed || judgement.Verdict != harness.Met {
				d.Unmeasured++
			}
			continue
		}
		if len(recoveries) == 0 || v.RTA.longerThan(worst) {
			worst, d.Worst, d.worst = v.RTA, v.Record, v.Figure
		}
		recoveries = append(recoveries, v.RTA)
		d.Resolution = max(d.Resolution, judgement.Resolution)
	}
	d.RTA, d.TTD, d.RPA = spreadOf(recoveries), spreadOf(detections), spreadOf(losses)
	d.Verdict = d.judge()
	return d
}

// with adds the drill's verdict, its losses and its target.
func (d Distribution) with(v *view) Distribution {
	d.Records = append(d.Records, v.Record)
	switch v.Outcome {
	case inconclusive:
		d.Inconclusive++
	case asClaimed:
		d.AsClaimed++
		fallthrough
	default:
		if v.Judgement.Verdict == harness.Met {
			d.Met++
		} else {
			d.Missed++
		}
	}
	if v.Judgement.Recovered {
		d.Recovered++
	}
	d.Lost += v.Judgement.Lost
	d.MostLost = max(d.MostLost, v.Judgement.Lost)
	d.RTO = min(d.RTO, v.Objective.RTO)
	return d
}

// judge says whether the RTO was met. A drill that nothing can be concluded from may have been worse
// than any other, but it cannot make good what another one missed.
func (d Distribution) judge() harness.Verdict {
	for _, v := range d.drills {
		if v.Measured && v.Outcome != inconclusive && d.misses(v) {
			return harness.Missed
		}
	}
	if d.Unmeasured > 0 || d.Inconclusive > 0 {
		return harness.Inconclusive
	}
	return harness.Met
}

// misses tells whether the drill took longer than the target.
func (d Distribution) misses(v *view) bool { return v.RTA.Beyond || v.RTA.Value > d.RTO }
