package judge

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// A blast is what became of the SLIs that were named as unaffected.
type blast struct {
	spared []string
	misses []Reason // SLIs that failed all the same
	doubts []Reason // SLIs of which nobody can say
}

// blastRadius looks at the SLIs that the fault must not touch.
func (o Observation) blastRadius(record harness.Record) blast {
	var found blast
	if record.Fault == nil {
		return found
	}
	for _, sli := range record.SLIs {
		if !sli.Unaffected {
			continue
		}
		if count := samplesAfter(sli, record.Fault.At); count < minimumSamples {
			found.doubts = append(found.doubts, because(harness.TooFewAnswers,
				"%q was named as unaffected and asked %d times after the fault: at least %d answers are needed", sli.Name, count,
				minimumSamples))
			continue
		}
		failed := o.failedInterval(sli, record.Fault.At)
		switch {
		case failed == nil:
			found.spared = append(found.spared, sli.Name)
		case failed.SeenAt() < record.Fault.At: // no work of the fault's
			found.doubts = append(found.doubts, because(harness.NotSteady,
				"%q was named as unaffected and had failed before the fault: %s", sli.Name, failed.Error))
		case starved(record, *failed):
			found.doubts = append(found.doubts, because(harness.NobodyLooked,
				"%q was named as unaffected and failed while the machine was starved: %s", sli.Name, failed.Error))
		default:
			found.misses = append(found.misses, because(harness.UnaffectedFailed.Of(sli.Name),
				"%q was named as unaffected and failed %v after the fault: %s",
				sli.Name, words.Figure(max(0, failed.From-record.Fault.At)), failed.Error))
		}
	}
	return found
}

// failedInterval is the first failure of an SLI between t0 and the end of the watch; nil when it stayed green.
func (o Observation) failedInterval(sli harness.RecordSLI, t0 time.Duration) *harness.Interval {
	for _, interval := range sli.Intervals {
		if FailsAfter(interval, t0) && interval.From <= o.until {
			return &interval
		}
	}
	return nil
}

// starved tells whether a node or the harness did not get the processor during an interval: its failure is
// then no work of the fault's.
func starved(record harness.Record, interval harness.Interval) bool {
	for _, interruption := range record.Interruptions {
		if interruption.From <= interval.SeenAt() && interruption.From+interruption.Length >= interval.From {
			return true
		}
	}
	return false
}

// minimumOperations is how many operations the history of a register needs to say anything.
const minimumOperations = 20

// consistency says what the checks of the registers found.
func consistency(record harness.Record) (misses, doubts []Reason) {
	for _, register := range record.Registers {
		switch {
		case register.Linearizable == harness.NotLinearizable:
			misses = append(misses, because(harness.InconsistentRegister.Of(register.Name),
				"register %q is not linearizable: %s", register.Name, register.Explanation))
		case register.Linearizable != harness.Linearizable:
			doubts = append(doubts, because(harness.DataUnknown,
				"whether register %q is linearizable is unknown: %s", register.Name, register.Explanation))
		case register.Operations-register.Refused-register.Unknown < minimumOperations:
			doubts = append(doubts, because(harness.DataUnknown, "register %q has a history of %d operations: at least %d are needed",
				register.Name, register.Operations-register.Refused-register.Unknown, minimumOperations))
		}
	}
	return misses, doubts
}
