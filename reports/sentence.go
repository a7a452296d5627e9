package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// sentence says in words how a drill ended: the verdict, the recovery with its resolution and its
// target, and what became of the data.
func sentence(record harness.Record) string {
	verdict := verdictPhrase(record)
	if other := otherMiss(record); other != "" {
		verdict += " [" + other + "]"
	}
	return oneLine(verdict + ": " + recoveryPhrase(record) + furtherFaults(record) + "; " + dataPhrase(record) + besides(record) +
		".")
}

// verdictPhrase is the beginning of the sentence, with the claim's reason where the claim was a miss.
func verdictPhrase(record harness.Record) string {
	words := verdictWords(record)
	words = strings.ToUpper(words[:1]) + words[1:]
	if outcomeOf(record) == inconclusive {
		return words + firstOf(reasons(record))
	}
	if !sentenceHasClaim(record) {
		return words
	}
	if record.Judgement.AsClaimed {
		return fmt.Sprintf("%s (%s)", words, record.Claim.Because)
	}
	return fmt.Sprintf("%s (the spec claims a miss: %s)", words, record.Claim.Because)
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

// sentenceHasClaim tells whether the sentence says why a miss is claimed.
func sentenceHasClaim(record harness.Record) bool {
	return isControl(record) && record.Claim.Because != "" && outcomeOf(record) != inconclusive
}

func recoveryPhrase(record harness.Record) string {
	judgement, target := record.Judgement, record.Objective.RTO
	if rehearsal, failed := failedRehearsal(record); failed {
		return fmt.Sprintf("%s does not work, so no fault was injected", rehearsal.Name)
	}
	switch {
	case record.Fault == nil:
		return "no fault was injected"
	case record.Objective.Unnoticed && wasDetected(record):
		return fmt.Sprintf("noticed %s after its beginning, and nobody was to notice it", FormatDuration(judgement.TTD))
	case record.Objective.Unnoticed:
		return fmt.Sprintf("nobody noticed it within %s", FormatDuration(record.Objective.DetectWithin))
	case !hasRecoveryTime(record):
		return "no failure was seen"
	case judgement.RecoveredBy == harness.ByRevert:
		return fmt.Sprintf("back only after the fault was lifted, %s after it had struck, target %s", FormatDuration(judgement.RTA),
			FormatDuration(target))
	case !judgement.Recovered:
		return fmt.Sprintf("not back within %s, target %s", FormatDuration(judgement.RTA), FormatDuration(target))
	}
	phrase := fmt.Sprintf("back after %s (%s)%s, ", FormatDuration(judgement.RTA), resolution(judgement),
		broughtBack(judgement.RecoveredBy))
	if judgement.RTA > target {
		return phrase + fmt.Sprintf("%s over the target of %s", FormatDuration(judgement.RTA-target), FormatDuration(target))
	}
	return phrase + "target " + FormatDuration(target)
}

// besides names what was not to happen and did, besides a late recovery and lost writes: a miss that
// the figures do not explain.
func besides(record harness.Record) string {
	text := ""
	for _, one := range sparedSLIs(record) {
		if one.Failed {
			text += fmt.Sprintf("; %s was named as unaffected and failed", one.SLI)
		}
	}
	for _, register := range record.Registers {
		if register.Linearizable == harness.NotLinearizable {
			text += fmt.Sprintf("; %s is not linearizable", register.Name)
		}
	}
	return text
}

// furtherFaults says when the recovery itself was disturbed.
func furtherFaults(record harness.Record) string {
	if record.Fault == nil {
		return ""
	}
	text := ""
	for i, fault := range record.FurtherFaults {
		text += fmt.Sprintf(", with a %s fault %s after the first", ordinal(i+2), FormatDuration(fault.At-record.Fault.At))
	}
	return text
}

// ordinal is the word for a fault's number.
func ordinal(number int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth"}
	if number < len(words) {
		return words[number]
	}
	return fmt.Sprintf("%dth", number)
}

// resolution is the error bound of the recovery time, with the part that nobody measured.
func resolution(judgement harness.Judgement) string {
	text := "± " + FormatDuration(judgement.Resolution)
	if judgement.Declared > 0 {
		text += "; " + FormatDuration(judgement.Declared) + " of it declared, not measured"
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

func dataPhrase(record harness.Record) string {
	acknowledged := writesOf(record).Acknowledged
	switch judgement := record.Judgement; {
	case record.Objective.NoData:
		return "no claim about data"
	case !judgement.DataJudged:
		return "data loss was not judged"
	case judgement.Lost == 0:
		return "no acknowledged write of " + fmt.Sprint(acknowledged) + " was lost"
	default:
		return fmt.Sprintf("%d of %s lost, %s, target %s",
			judgement.Lost, plural(acknowledged, "acknowledged write"), oldestLost(judgement.RPA), FormatDuration(record.Objective.RPO))
	}
}

// lostWrites is the data loss in writes.
func lostWrites(record harness.Record) string {
	if !record.Judgement.DataJudged {
		return "not judged"
	}
	return fmt.Sprintf("%d of %s", record.Judgement.Lost, plural(writesOf(record).Acknowledged, "write"))
}

// oldestLost places the oldest lost write relative to the fault.
func oldestLost(before time.Duration) string {
	if before <= 0 {
		return "all acknowledged after the fault"
	}
	return "the oldest acknowledged " + FormatDuration(before) + " before the fault"
}

// unnoticedTarget stands for the RTO of work that nobody may notice.
const unnoticedTarget = "unnoticed"

// recoveryTarget is the RTO as a table shows it.
func recoveryTarget(record harness.Record) string {
	if record.Objective.Unnoticed {
		return unnoticedTarget
	}
	return FormatDuration(record.Objective.RTO)
}

// recoveryTime is the RTA without its resolution: a lower bound when the service never came back.
func recoveryTime(record harness.Record) string {
	switch judgement := record.Judgement; {
	case !hasRecoveryTime(record):
		return "-"
	case !judgement.Recovered:
		return "> " + FormatDuration(judgement.RTA)
	default:
		return FormatDuration(judgement.RTA)
	}
}

// recoveryFigure is the RTA with its resolution; a lower bound has none.
func recoveryFigure(record harness.Record) string {
	if !hasRecoveryTime(record) || !record.Judgement.Recovered {
		return recoveryTime(record)
	}
	return recoveryTime(record) + " ± " + FormatDuration(record.Judgement.Resolution)
}

// dataLoss is the RPA as a table shows it, with the number of lost writes when there are any.
func dataLoss(record harness.Record) string {
	switch judgement := record.Judgement; {
	case record.Objective.NoData || !judgement.DataJudged:
		return "-"
	case judgement.Lost > 0:
		return fmt.Sprintf("%s (%d lost)", FormatDuration(judgement.RPA), judgement.Lost)
	default:
		return FormatDuration(judgement.RPA)
	}
}

// dataTarget is the RPO as a table shows it.
func dataTarget(record harness.Record) string {
	if record.Objective.NoData {
		return "-"
	}
	return FormatDuration(record.Objective.RPO)
}

// recoveredBy names what brought the service back, "-" for a record that nobody judged.
func recoveredBy(record harness.Record) string {
	if record.Judgement.RecoveredBy == "" {
		return "-"
	}
	return string(record.Judgement.RecoveredBy)
}

// relapsed tells whether the steady state broke once more after its recovery had been watched. That
// changes no figure, and a reader must know it.
func relapsed(record harness.Record) bool {
	if !record.Judgement.Recovered {
		return false
	}
	for _, sli := range record.SLIs {
		for _, spell := range sli.Spells {
			if sli.Steady && !spell.Up && spell.From > record.WatchedUntil {
				return true
			}
		}
	}
	return false
}

// explanations are what a person needs to know about a drill that is not plainly met: the claim
// behind an intended miss, then the reasons.
func explanations(record harness.Record) []string {
	var texts []string
	if isControl(record) && record.Claim.Because != "" {
		texts = append(texts, "the spec claims a miss: "+printable(record.Claim.Because))
	}
	if other := otherMiss(record); other != "" {
		texts = append(texts, printable(other))
	}
	return append(texts, reasons(record)...)
}

// furtherReasons are the explanations that the sentence does not contain.
func furtherReasons(record harness.Record) []string {
	if sentenceHasClaim(record) {
		return reasons(record)
	}
	other := printable(otherMiss(record))
	return slices.DeleteFunc(explanations(record), func(text string) bool { return text == other })
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
