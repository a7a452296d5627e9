package harness

import (
	"fmt"
	"strings"
)

// unwatched says why nobody can tell that nothing was noticed: what was asked too seldom, or not until the end
// of the time in which a failure counts.
func (o observation) unwatched(record Record) []reason {
	if o.detected {
		return nil // one failure is enough
	}
	var doubts []reason
	if took := record.Fault.Returned - record.Fault.At; took+record.Objective.Dwell > record.Objective.DetectWithin {
		doubts = append(doubts, because(WatchedTooShort,
			"the work took %v, and what is noticed within %v of its beginning counts: nobody has watched its end for the dwell of %v",
			figure(took), record.Objective.DetectWithin, record.Objective.Dwell))
	}
	for _, sli := range o.steady {
		if count := samplesAfter(sli, record.Fault.At); count < minimumSamples {
			doubts = append(doubts, because(TooFewAnswers, "%q was asked %d times after the fault: at least %d answers are needed",
				sli.Name, count, minimumSamples))
		}
		asked := lastSample([]RecordSLI{sli}) - record.Fault.At
		if asked+sli.Period < record.Objective.DetectWithin {
			doubts = append(doubts, because(WatchedTooShort,
				"%q was asked until %v after the fault only: what is noticed within %v of it counts",
				sli.Name, figure(asked), record.Objective.DetectWithin))
		}
	}
	return doubts
}

// noticed says who has noticed what nobody was to notice.
func (o observation) noticed(record Record) reason {
	var failed []string
	found := reason{}
	for _, outage := range o.outages {
		if outage.Steady && outage.Known <= record.Objective.DetectWithin {
			failed = append(failed, fmt.Sprintf("%q failed %v after its beginning, for %v", outage.SLI, figure(outage.Lost),
				figure(outage.Down)))
			found.misses = append(found.misses, Noticed.Of(outage.SLI))
		}
	}
	found.says = "it was noticed, and nobody was to notice it: " + strings.Join(failed, "; ")
	return found
}

// unnoticed says in figures that nobody has noticed anything.
func (o observation) unnoticed(record Record) string {
	answers := 0
	for _, sli := range o.steady {
		answers += samplesAfter(sli, record.Fault.At)
	}
	return fmt.Sprintf("nobody noticed it: none of %d answers to %s failed within %v of its beginning",
		answers, counted(len(o.steady), "probe"), record.Objective.DetectWithin)
}
