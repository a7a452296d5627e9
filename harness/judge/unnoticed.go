package judge

import (
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// unwatched says why nobody can tell that nothing was noticed: what was asked too seldom, or not until the end
// of the time in which a failure counts.
func (o Observation) unwatched(record harness.Record) []Reason {
	if o.Detected {
		return nil // one failure is enough
	}
	var doubts []Reason
	if took := record.Fault.Returned - record.Fault.At; took+record.Objective.Dwell > record.Objective.DetectWithin {
		doubts = append(doubts, because(harness.WatchedTooShort,
			"the work took %v, and what is noticed within %v of its beginning counts: nobody has watched its end for the dwell of %v",
			words.Figure(took), record.Objective.DetectWithin, record.Objective.Dwell))
	}
	for _, sli := range o.Steady {
		if count := samplesAfter(sli, record.Fault.At); count < minimumSamples {
			doubts = append(doubts, because(harness.TooFewAnswers, "%q was asked %d times after the fault: at least %d answers are needed",
				sli.Name, count, minimumSamples))
		}
		asked := lastSample([]harness.RecordSLI{sli}) - record.Fault.At
		if asked+sli.Period < record.Objective.DetectWithin {
			doubts = append(doubts, because(harness.WatchedTooShort,
				"%q was asked until %v after the fault only: what is noticed within %v of it counts",
				sli.Name, words.Figure(asked), record.Objective.DetectWithin))
		}
	}
	return doubts
}

// noticed says who has noticed what nobody was to notice.
func (o Observation) noticed(record harness.Record) Reason {
	var failed []string
	found := Reason{}
	for _, outage := range o.Outages {
		if outage.Steady && outage.Known <= record.Objective.DetectWithin {
			failed = append(failed, fmt.Sprintf("%q failed %v after its beginning, for %v", outage.SLI, words.Figure(outage.Lost),
				words.Figure(outage.Down)))
			found.misses = append(found.misses, harness.Noticed.Of(outage.SLI))
		}
	}
	found.says = "it was noticed, and nobody was to notice it: " + strings.Join(failed, "; ")
	return found
}

// unnoticed says in figures that nobody has noticed anything.
func (o Observation) unnoticed(record harness.Record) string {
	answers := 0
	for _, sli := range o.Steady {
		answers += samplesAfter(sli, record.Fault.At)
	}
	return fmt.Sprintf("nobody noticed it: none of %d answers to %s failed within %v of its beginning",
		answers, words.Counted(len(o.Steady), "probe"), record.Objective.DetectWithin)
}
