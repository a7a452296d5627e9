package reports

import (
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// sentence says in words how a drill ended: the verdict, the recovery with its resolution and its
// target, and what became of the data.
func (v *view) sentence() string {
	verdict := v.verdictPhrase()
	if v.OtherMiss != "" {
		verdict += " [" + v.OtherMiss + "]"
	}
	return oneLine(verdict + ": " + v.recoveryPhrase() + v.furtherFaults() + "; " + v.dataPhrase() + v.besides() + ".")
}

// verdictPhrase is the beginning of the sentence, with the claim's reason where the claim was a miss.
func (v *view) verdictPhrase() string {
	words := capital(v.Verdict)
	switch {
	case v.Outcome == inconclusive:
		return words + firstOf(v.reasons)
	case !v.claimsMiss():
		return words
	case v.Judgement.AsClaimed:
		return fmt.Sprintf("%s (%s)", words, v.Claim.Because)
	}
	return fmt.Sprintf("%s (the spec claims a miss: %s)", words, v.Claim.Because)
}

// firstOf is the first of several reasons, with a hint at the others.
func firstOf(texts []string) string {
	switch len(texts) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (%s)", texts[0])
	default:
		return fmt.Sprintf(" (%s, and %s)", texts[0], plural(len(texts)-1, "more reason"))
	}
}

// claimsMiss tells whether the spec claims a miss and says why.
func (v *view) claimsMiss() bool { return isControl(v.Record) && v.Claim.Because != "" }

func (v *view) recoveryPhrase() string {
	for _, rehearsal := range v.Rehearsals {
		if rehearsal.Error != "" {
			return fmt.Sprintf("%s does not work, so no fault was injected", rehearsal.Name)
		}
	}
	judgement, took := v.Judgement, FormatDuration(v.Judgement.RTA)
	switch {
	case v.Fault == nil:
		return "no fault was injected"
	case v.Objective.Unnoticed && v.Detected:
		return fmt.Sprintf("noticed %s after its beginning, and nobody was to notice it", FormatDuration(judgement.TTD))
	case v.Objective.Unnoticed:
		return fmt.Sprintf("nobody noticed it within %s", FormatDuration(v.Objective.DetectWithin))
	case !v.Measured:
		return "no failure was seen"
	case judgement.RecoveredBy == harness.ByRevert:
		return fmt.Sprintf("back only after the fault was lifted, %s after it had struck, target %s", took, v.Target)
	case !judgement.Recovered:
		return fmt.Sprintf("not back within %s, target %s", took, v.Target)
	}
	phrase := fmt.Sprintf("back after %s (%s", took, v.Bounds)
	if judgement.Declared > 0 {
		phrase += "; " + FormatDuration(judgement.Declared) + " of it declared, not measured"
	}
	phrase += ")" + broughtBack(judgement.RecoveredBy) + ", "
	if over := judgement.RTA - v.Objective.RTO; over > 0 {
		return phrase + fmt.Sprintf("%s over the target of %s", FormatDuration(over), v.Target)
	}
	return phrase + "target " + v.Target
}

// besides names what was not to happen and did, besides a late recovery and lost writes: a miss that
// the figures do not explain.
func (v *view) besides() string {
	text := ""
	for _, one := range v.Spared {
		if one.sign == bad {
			text += fmt.Sprintf("; %s was named as unaffected and failed", one.SLI)
		}
	}
	for _, register := range v.Registers {
		if register.Linearizable == harness.NotLinearizable {
			text += fmt.Sprintf("; %s is not linearizable", register.Name)
		}
	}
	return text
}

// furtherFaults says when the recovery itself was disturbed.
func (v *view) furtherFaults() string {
	text := ""
	for _, fault := range v.Faults {
		if v.Fault != nil && fault.Further {
			text += fmt.Sprintf(", with a %s %s after the first", fault.Name, FormatDuration(fault.Since))
		}
	}
	return text
}

func broughtBack(by harness.RecoveredBy) string {
	switch by {
	case harness.BySelf:
		return " by itself"
	case harness.ByRunbook:
		return " through the runbook"
	default:
		return ""
	}
}

func (v *view) dataPhrase() string {
	switch judgement := v.Judgement; {
	case v.Objective.NoData:
		return "no claim about data"
	case !judgement.DataJudged:
		return "data loss was not judged"
	case judgement.Lost == 0:
		return fmt.Sprintf("no acknowledged write of %d was lost", v.Writes.Acknowledged)
	default:
		oldest := "all acknowledged after the fault"
		if judgement.RPA > 0 {
			oldest = "the oldest acknowledged " + FormatDuration(judgement.RPA) + " before the fault"
		}
		return fmt.Sprintf("%d of %s lost, %s, target %s", judgement.Lost, plural(v.Writes.Acknowledged, "acknowledged write"), oldest,
			v.LossGoal)
	}
}

// unnoticedTarget stands for the RTO of work that nobody may notice.
const unnoticedTarget = "unnoticed"

// relapsed tells whether the steady state broke once more after its recovery had been watched. That
// changes no figure, and a reader must know it.
func relapsed(record harness.Record) bool {
	if !record.Judgement.Recovered {
		return false
	}
	for _, sli := range record.SLIs {
		for _, interval := range sli.Intervals {
			if sli.Steady && !interval.Up && interval.From > record.WatchedUntil {
				return true
			}
		}
	}
	return false
}

// addReasons says what a person needs to know about a drill that is not plainly met: the claim behind an intended miss,
// the miss that was found in its place, then the reasons.
func (v *view) addReasons() {
	if v.claimsMiss() {
		claim := "the spec claims a miss: " + printable(v.Claim.Because)
		v.Explanations = append(v.Explanations, claim)
		if v.Outcome == inconclusive {
			v.Why = append(v.Why, claim)
		}
	}
	if v.OtherMiss != "" {
		v.Explanations = append(v.Explanations, printable(v.OtherMiss))
	}
	v.Explanations, v.Why = append(v.Explanations, v.reasons...), append(v.Why, v.reasons...)
}

// reasons are the judge's, unless they only say in other words that the drill was met, and the
// doubts that the judge did not repeat.
func reasons(record harness.Record) []string {
	switch record.Judgement.Verdict {
	case "":
		return append([]string{"the drill ended before it was judged"}, record.Doubts...)
	case harness.Met:
		if outcomeOf(record) == asClaimed && !relapsed(record) {
			return nil
		}
	}
	var texts []string
	for _, reason := range record.Judgement.Reasons {
		texts = append(texts, printable(reason))
	}
	for _, doubt := range record.Doubts {
		if !slices.Contains(record.Judgement.Reasons, doubt) {
			texts = append(texts, printable(doubt))
		}
	}
	return texts
}

// otherMiss says which miss was claimed and which was found, where the claim names one and they differ; "" where not.
func otherMiss(record harness.Record) string {
	claim, found := record.Claim, record.Judgement.Misses
	if len(claim.Misses) == 0 || record.Judgement.Verdict == "" || len(claim.Unclaimed(found))+len(claim.Unfound(found)) == 0 {
		return ""
	}
	words := string(record.Judgement.Verdict)
	if len(found) > 0 {
		words = harness.JoinMisses(found)
	}
	return fmt.Sprintf("claimed: %s; found: %s", harness.JoinMisses(claim.Misses), words)
}
