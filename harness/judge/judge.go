package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// MinimumWrites is how many writes a ledger needs to have acknowledged before the fault: with fewer,
// "none is lost" would say more about luck than about durability, and a commit interval, a batch or
// a replication lag of a few writes could hide in the gap.
const MinimumWrites = 10

// minimumSamples is how many answers an SLI needs after the fault: one failed, one back, and one
// between or after them to tell a state from a moment.
const minimumSamples = 3

// Judge says what follows from a record. It reads nothing else and changes nothing, so that judging
// a record again gives the same judgement for ever. What the figures mean is said in
// harness/adr/0001-what-the-clock-means.md.
func Judge(record harness.Record) harness.Judgement {
	if failed := failedRehearsals(record); len(failed) > 0 && record.UnderWay == "" {
		judgement := harness.Judgement{Verdict: harness.Missed, RecoveredBy: harness.ByNobody, Outages: []harness.Outage{}}
		if len(record.Doubts) > 0 {
			judgement.Verdict, failed = harness.Inconclusive, append(doubted(record.Doubts), failed...)
		}
		judgement.Reasons, judgement.Misses = Says(failed), missesOf(failed)
		judgement.AsClaimed = record.Claim.IsMetBy(judgement.Verdict, judgement.Misses)
		return judgement
	}
	observed := Observe(record)
	data := dataLoss(record)
	judgement := observed.judgement(record)
	judgement.RPA, judgement.Lost, judgement.DataJudged = data.rpa, data.lost, data.judged

	blast := observed.blastRadius(record)
	judgement.Spared = blast.spared
	reached, belated, unwatched := observed.milestones(record)
	judgement.Milestones, judgement.Symptoms = reached, observed.symptoms(record)
	inconsistent, unchecked := consistency(record)

	found := findings{
		doubts:  slices.Concat(doubted(record.Doubts), observed.doubts(record), blast.doubts, doubtsFromGaps(record, judgement)),
		late:    slices.Concat(observed.misses(record, judgement), belated),
		blast:   blast.misses,
		data:    slices.Concat(data.misses(record, judgement), inconsistent),
		unknown: slices.Concat(unwatched, data.doubts, unchecked),
	}
	judgement.Verdict, judgement.Misses = found.verdict()
	// What the verdict follows from comes first: what nobody knows decides nothing where something is late or was touched.
	judgement.Reasons = Says(slices.Concat(found.doubts, found.late, found.blast, found.unknown, found.data))
	if judgement.Verdict == harness.Met {
		judgement.Reasons = slices.Concat(observed.passes(record, judgement), milestonePasses(reached), data.passes(record))
	}
	judgement.Reasons = append(judgement.Reasons, observed.relapses(record)...)
	judgement.AsClaimed = record.Claim.IsMetBy(judgement.Verdict, judgement.Misses) && record.UnderWay == ""
	return judgement
}

// findings are what speaks against a verdict of met.
type findings struct {
	doubts  []Reason // why nothing follows from the record
	late    []Reason // what came back too late, or never
	blast   []Reason // what the fault must not touch, and did
	data    []Reason // what became of the data
	unknown []Reason // what nobody knows of the milestones and the data
}

// verdict is what follows, and the misses that it follows from.
func (f findings) verdict() (harness.Verdict, []harness.Miss) {
	switch {
	case len(f.doubts) > 0: // how late it was rests on what is doubted; what was touched or lost does not
		return harness.Inconclusive, missesOf(slices.Concat(f.doubts, f.blast, f.data))
	case len(f.late) > 0, len(f.blast) > 0: // data loss cannot be checked while the service is down
		return harness.Missed, missesOf(slices.Concat(f.late, f.blast, f.data))
	case len(f.unknown) > 0:
		return harness.Inconclusive, missesOf(slices.Concat(f.unknown, f.data))
	case len(f.data) > 0:
		return harness.Missed, missesOf(f.data)
	}
	return harness.Met, nil
}

// failedRehearsals says what would not have worked. Such a drill ends before its fault: the target is
// missed, whatever else is known, unless there is a doubt.
func failedRehearsals(record harness.Record) []Reason {
	var failed []Reason
	for _, rehearsal := range record.Rehearsals {
		if rehearsal.Error != "" {
			failed = append(
				failed,
				because(harness.RehearsalFailed.Of(rehearsal.Name), "before any fault: rehearsal of %s: %s", rehearsal.Name, rehearsal.Error),
			)
		}
	}
	return failed
}

// doubted are the doubts of the conductor and the spec.
func doubted(doubts []string) []Reason {
	var reasons []Reason
	for _, doubt := range doubts {
		reasons = append(reasons, because(harness.Doubted, "%s", doubt))
	}
	return reasons
}

// judgement fills in the figures of time.
func (o Observation) judgement(record harness.Record) harness.Judgement {
	judgement := harness.Judgement{RecoveredBy: harness.ByNobody, Reasons: []string{}, Outages: []harness.Outage{}}
	for _, step := range record.Steps {
		judgement.Declared += step.Declared
		judgement.Repairs = append(judgement.Repairs, harness.RepairStep{
			Runbook: step.Runbook, Name: step.Name, Took: step.To - step.From,
			Declared: step.Declared,
		})
	}
	if len(record.Steps) > 0 {
		first, last := record.Steps[0], record.Steps[len(record.Steps)-1]
		judgement.Repair = last.To - first.From
	}
	if record.Fault == nil {
		return judgement
	}
	judgement.Outages = append(judgement.Outages, o.Outages...)
	judgement.Resolution = record.Fault.Uncertainty + max(o.blur, LongestInterruption(record).Length)
	if o.Detected {
		judgement.TTD = o.TTD
		judgement.RecoveredBy = o.recoveredBy(record)
	}
	judgement.Recovered = judgement.RecoveredBy == harness.BySelf || judgement.RecoveredBy == harness.ByRunbook
	judgement.RTA = max(0, o.notBackBefore(record)-record.Fault.At) + judgement.Declared
	if !judgement.Recovered {
		return judgement
	}
	judgement.RTA = o.back - record.Fault.At + judgement.Declared
	if len(record.Steps) > 0 {
		judgement.Converge = max(0, o.back-record.Steps[len(record.Steps)-1].To)
	}
	return judgement
}

// doubtsFromGaps doubts what was measured by a harness that did not look all the time, and a figure so
// near to its target that nobody can say on which side it lies. A stretch without a look that is
// shorter than the dwell cannot hide a return or an outage that counts; it widens the resolution.
func doubtsFromGaps(record harness.Record, judgement harness.Judgement) []Reason {
	longest, dwell := LongestInterruption(record), record.Objective.Dwell
	var doubts []Reason
	if longest.Length > 0 && longest.Length >= dwell {
		doubts = append(doubts, because(harness.NobodyLooked,
			"the measurement was interrupted for %v, %v after t0: %s; a return for the dwell of %v could hide in that",
			words.Figure(longest.Length), words.Figure(longest.From-record.Fault.At), longest.Reason, dwell))
	}
	for _, sli := range record.SLIs {
		if sli.Steady && sli.LongestGap >= dwell {
			doubts = append(
				doubts,
				because(harness.NobodyLooked, "%q was not asked for %v: a return for the dwell of %v could hide in that",
					sli.Name, words.Figure(sli.LongestGap), dwell),
			)
		}
	}
	if judgement.Recovered && !record.Objective.Unnoticed && tooClose(record, judgement) {
		doubts = append(doubts, because(harness.TooClose, "the RTO of %v lies within the resolution of %v of the measured %v",
			record.Objective.RTO, words.Figure(judgement.Resolution), words.Figure(judgement.RTA)))
	}
	return doubts
}

// tooClose tells whether the true recovery time may lie on the other side of the target. The measured
// one is late by up to the resolution, and early only by as much as t0 is uncertain, unless something
// held the measurement up.
func tooClose(record harness.Record, judgement harness.Judgement) bool {
	early := record.Fault.Uncertainty
	if len(record.Interruptions) > 0 {
		early = judgement.Resolution
	}
	target := record.Objective.RTO
	if judgement.RTA > target {
		return judgement.RTA-judgement.Resolution <= target
	}
	return judgement.RTA+early > target
}

// LongestInterruption is the worst one; its Length is 0 when there was none.
func LongestInterruption(record harness.Record) harness.RecordInterruption {
	var longest harness.RecordInterruption
	for _, interruption := range record.Interruptions {
		if interruption.Length > longest.Length {
			longest = interruption
		}
	}
	return longest
}

// recoveredBy tells who or what brought the service back. A step counts that began before the
// return, also when it reported an error: it may have done the decisive thing before that.
func (o Observation) recoveredBy(record harness.Record) harness.RecoveredBy {
	switch {
	case !o.returned:
		return harness.ByNobody
	case lifted(record, o.back):
		return harness.ByRevert
	}
	for _, step := range record.Steps {
		if !step.DeclaredOnly && step.From < o.back {
			return harness.ByRunbook
		}
	}
	return harness.BySelf
}

// lifted tells whether the harness took the fault back before the given time.
func lifted(record harness.Record, before time.Duration) bool {
	return record.Fault.RevertedAt > 0 && record.Fault.RevertedAt < before
}

// watched is the end of the time in which the service had to recover in the presence of the fault.
func (o Observation) watched(record harness.Record) time.Duration {
	if lifted(record, o.until) {
		return record.Fault.RevertedAt
	}
	return o.until
}

// notBackBefore is a moment before which the service was certainly not back, of one that has not come back for the dwell.
func (o Observation) notBackBefore(record harness.Record) time.Duration {
	until := o.watched(record)
	if record.WatchedUntil == 0 || o.returned {
		return until
	}
	return earliestReturn(o.Steady, record.Fault.At, until)
}

// doubts says why nothing can be concluded from what the probes saw.
func (o Observation) doubts(record harness.Record) []Reason {
	var doubts []Reason
	doubt := func(miss harness.Miss, format string, values ...any) {
		doubts = append(doubts, because(miss, format, values...))
	}
	if len(o.Steady) == 0 {
		doubt(harness.NotSteady, "the steady state has no probe: nothing was checked")
	} else if record.SteadyAt == 0 {
		doubt(harness.NotSteady, "the steady state was never proved before the fault")
	}
	if record.Fault == nil {
		doubt(harness.NoFault, "no fault was injected")
		return doubts
	}
	if record.Fault.Confirmed == "" {
		doubt(harness.NotConfirmed, "nothing proved that the fault bites")
	}
	for _, further := range record.FurtherFaults {
		if further.Confirmed == "" {
			doubt(harness.NotConfirmed, "nothing proved that the second fault bites: %s", further.Description)
		}
	}
	for _, failure := range o.unsteady {
		doubt(harness.NotSteady, "%s", failure)
	}
	switch {
	case record.Objective.Unnoticed:
		return append(doubts, o.unwatched(record)...)
	case !o.Detected:
		doubt(harness.NeverDetected, "the fault broke nothing: no probe of the steady state failed%s%s",
			within(record.Objective.DetectWithin), o.knownLate())
		return doubts
	}
	for _, sli := range o.Steady {
		if count := samplesAfter(sli, record.Fault.At); count < minimumSamples {
			doubt(
				harness.TooFewAnswers,
				"%q was asked %d times after the fault: at least %d answers are needed",
				sli.Name,
				count,
				minimumSamples,
			)
		}
	}
	if record.WatchedUntil == 0 {
		if _, stopped := o.stopped(record); !stopped {
			doubt(harness.WatchedTooShort, "nobody awaited the recovery")
		}
		return doubts
	}
	return append(doubts, o.shortWatch(record)...)
}

// stopped is the step at which a runbook failed and the drill with it: nobody has waited for a recovery then,
// and there was none.
func (o Observation) stopped(record harness.Record) (harness.RecordStep, bool) {
	if record.WatchedUntil > 0 || o.returned || len(record.Steps) == 0 {
		return harness.RecordStep{}, false
	}
	last := record.Steps[len(record.Steps)-1]
	return last, last.Error != ""
}

// shortWatch doubts a drill that was not watched until its RTO, or whose fault was lifted before.
func (o Observation) shortWatch(record harness.Record) []Reason {
	by := o.recoveredBy(record)
	if by == harness.BySelf || by == harness.ByRunbook {
		return nil
	}
	watched, back := o.watched(record)-record.Fault.At, o.notBackBefore(record)-record.Fault.At
	if back+Declared(record) >= record.Objective.RTO {
		return nil
	}
	if lifted(record, o.until) {
		return []Reason{
			because(harness.LiftedEarly, "the fault was lifted %v after t0, before the RTO of %v had passed: what came back "+
				"then is no recovery",
				words.Figure(watched), record.Objective.RTO),
		}
	}
	if watched+Declared(record) >= record.Objective.RTO {
		return []Reason{
			because(harness.WatchedTooShort, "the steady state came back %v after t0, %v before the watch ended, shorter than "+
				"the dwell of %v: whether it would have lasted is unknown",
				words.Figure(back), words.Figure(watched-back), record.Objective.Dwell),
		}
	}
	return []Reason{because(harness.WatchedTooShort, "the recovery was watched for %v only, shorter than the RTO of %v",
		words.Figure(watched), record.Objective.RTO)}
}

// misses says why the recovery time misses its target.
func (o Observation) misses(record harness.Record, judgement harness.Judgement) []Reason {
	if record.Fault == nil || !o.Detected {
		return nil
	}
	if record.Objective.Unnoticed {
		return []Reason{o.noticed(record)}
	}
	target := record.Objective.RTO
	if step, stopped := o.stopped(record); stopped {
		return []Reason{because(harness.RunbookStopped.Of(step.Name),
			"the runbook %q stopped at its step %q, and the steady state was not back when the drill ended: %s; the RTO is %v",
			step.Runbook, step.Name, step.Error, target)}
	}
	switch {
	case judgement.Recovered && judgement.RTA > target:
		return []Reason{because(harness.TooLate, "clients had the service back %s: the RTO is %v", recoveryTime(judgement), target)}
	case judgement.Recovered || record.WatchedUntil == 0:
		return nil
	case judgement.RecoveredBy == harness.ByRevert:
		return []Reason{
			because(harness.OnlyByRevert, "the service came back only when the fault was lifted, %v after t0: the RTO is %v",
				words.Figure(o.watched(record)-record.Fault.At), target),
		}
	}
	return []Reason{o.unrecovered(record)}
}

// unrecovered says what kept the steady state from holding.
func (o Observation) unrecovered(record harness.Record) Reason {
	var sentences []string
	missed := Reason{}
	for _, failed := range Failing(o.Steady, o.until, record.Objective.Dwell) {
		sentences = append(sentences, failed.says)
		missed.misses = append(missed.misses, failed.misses...)
	}
	within := words.Figure(o.until-record.Fault.At).String() + " of the fault"
	if declared := Declared(record); declared > 0 {
		within += fmt.Sprintf(" and %v that were declared", declared)
	}
	missed.says = fmt.Sprintf("the steady state did not come back within %s: %s; the RTO is %v",
		within, strings.Join(sentences, "; "), record.Objective.RTO)
	return missed
}

// passes says in figures why the recovery time meets its target.
func (o Observation) passes(record harness.Record, judgement harness.Judgement) []string {
	if record.Objective.Unnoticed {
		return []string{o.unnoticed(record)}
	}
	return []string{fmt.Sprintf("clients had the service back %s: the RTO is %v", recoveryTime(judgement), record.Objective.RTO)}
}

// recoveryTime writes the RTA with its resolution and its declared part.
func recoveryTime(judgement harness.Judgement) string {
	text := fmt.Sprintf("%v after the fault (± %v)", words.Figure(judgement.RTA), words.Figure(judgement.Resolution))
	if judgement.Declared > 0 {
		text += fmt.Sprintf(", %v of it declared and not measured", words.Figure(judgement.Declared))
	}
	return text
}

// relapses tells of probes that failed again after the watch had ended. That is outside the
// definition of the recovery time, and a reader must know it.
func (o Observation) relapses(record harness.Record) []string {
	if record.Fault == nil || record.WatchedUntil == 0 || !o.returned {
		return nil
	}
	var relapses []string
	for _, sli := range o.Steady {
		for _, interval := range sli.Intervals {
			if !interval.Up && interval.From > o.until {
				relapses = append(relapses, fmt.Sprintf("%q failed again %v after t0, when it had already held for the dwell: %s",
					sli.Name, words.Figure(interval.From-record.Fault.At), interval.Error))
				break
			}
		}
	}
	return relapses
}

// knownLate tells of a failure that came to be known too late to be the fault's.
func (o Observation) knownLate() string {
	if o.failed == nil {
		return ""
	}
	return fmt.Sprintf("; the first failure, of %q, was known %v after it", o.failed.SLI, words.Figure(o.failed.Known))
}

func within(limit time.Duration) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf(" within %v of it", limit)
}
