package reports

import (
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// downTime is an outage's length with its error bound, which old records do not have; a lower bound
// when the SLI never came back.
func downTime(outage harness.Outage) string {
	text := FormatDuration(outage.Down)
	if !outage.Returned {
		return "> " + text
	}
	if outage.Resolution > 0 {
		text += " ± " + FormatDuration(outage.Resolution)
	}
	return text
}

// part says what an SLI is in the drill, where it is no part of the steady state.
func part(record harness.Record, sli string) string {
	for _, one := range record.SLIs {
		switch {
		case one.Name != sli || one.Steady:
		case one.Unaffected:
			return "unaffected"
		default:
			return "watched only"
		}
	}
	return ""
}

// outageSentence is one outage in words.
func outageSentence(record harness.Record, outage harness.Outage) string {
	name := outage.SLI
	if part := part(record, outage.SLI); part != "" {
		name += " (" + part + ")"
	}
	text := fmt.Sprintf("%s: lost at %s, ", name, FormatDuration(outage.Lost))
	if knownLate(record, outage) {
		text += fmt.Sprintf("known at %s, ", FormatDuration(outage.Known))
	}
	if outage.Returned {
		text += fmt.Sprintf("back at %s, down for %s", FormatDuration(outage.Back), downTime(outage))
	} else {
		text += fmt.Sprintf("down for %s, never back", FormatDuration(outage.Down))
	}
	if outage.Inconclusive != "" {
		text += ": inconclusive, " + outage.Inconclusive
	}
	return text
}

// knownLate tells whether the first failure of an outage was asked for a period or more before it was known, as where a
// question is held until its time limit.
func knownLate(record harness.Record, outage harness.Outage) bool {
	return slices.ContainsFunc(record.SLIs, func(sli harness.RecordSLI) bool {
		return sli.Name == outage.SLI && outage.Known >= outage.Lost+sli.Period
	})
}

// A spared SLI is one that the drill names as unaffected, and what came of it.
type spared struct {
	SLI     string
	Outcome string
	Mark    string
	Green   bool
	Failed  bool
}

// sparedSLIs lists the SLIs that the fault was not to touch: the confirmed blast radius. Whether
// they stayed green is for the judge to say.
func sparedSLIs(record harness.Record) []spared {
	green := map[string]bool{}
	for _, name := range record.Judgement.Spared {
		green[name] = true
	}
	var all []spared
	for _, sli := range record.SLIs {
		if !sli.Unaffected {
			continue
		}
		one := spared{SLI: sli.Name, Outcome: "not established", Mark: inconclusive.mark()}
		if green[sli.Name] {
			one.Outcome, one.Mark, one.Green = "stayed green", asClaimed.mark(), true
		} else if outage, found := outageOf(record, sli.Name); found {
			one.Outcome, one.Mark, one.Failed = "did not stay green: down for "+downTime(outage)+", "+offset(outage.Lost),
				notAsClaimed.mark(), true
		}
		all = append(all, one)
	}
	return all
}

func outageOf(record harness.Record, sli string) (harness.Outage, bool) {
	for _, outage := range record.Judgement.Outages {
		if outage.SLI == sli {
			return outage, true
		}
	}
	return harness.Outage{}, false
}

// gapSentences say of each SLI how often and how long the observer did not look.
func gapSentences(record harness.Record) []string {
	var sentences []string
	for _, sli := range record.SLIs {
		if sli.Skipped == 0 && sli.LongestGap == 0 {
			continue
		}
		text := fmt.Sprintf("%s: the observer left out %s", sli.Name, plural(sli.Skipped, "question"))
		if sli.LongestGap > 0 {
			text += ", longest gap " + FormatDuration(sli.LongestGap)
		}
		sentences = append(sentences, printable(fmt.Sprintf("%s (one each %s)", text, FormatDuration(sli.Period))))
	}
	return sentences
}

// skippedQuestions counts what the observer left out, over all SLIs.
func skippedQuestions(record harness.Record) int {
	count := 0
	for _, sli := range record.SLIs {
		count += sli.Skipped
	}
	return count
}

// writesOf adds the ledgers up.
func writesOf(record harness.Record) harness.RecordLedger {
	var sum harness.RecordLedger
	for _, ledger := range record.Ledgers {
		sum.Acknowledged += ledger.Acknowledged
		sum.Kept += ledger.Kept
		sum.Lost += ledger.Lost
		sum.Unknown += ledger.Unknown
		sum.UnknownKept += ledger.UnknownKept
		sum.Reappeared += ledger.Reappeared
	}
	return sum
}

// oldestLostOf says how old a ledger's oldest lost write was at the fault.
func oldestLostOf(record harness.Record, ledger harness.RecordLedger) string {
	switch {
	case ledger.Lost == 0 || record.Fault == nil:
		return "-"
	case ledger.OldestLost >= record.Fault.At:
		return "after t0"
	}
	return FormatDuration(record.Fault.At-ledger.OldestLost) + " before t0"
}

// brokenRegisters counts the registers that are not linearizable.
func brokenRegisters(record harness.Record) int {
	count := 0
	for _, register := range record.Registers {
		if register.Linearizable == harness.NotLinearizable {
			count++
		}
	}
	return count
}

// registerSentence says what the check of a register found.
func registerSentence(register harness.RecordRegister) string {
	text := fmt.Sprintf("%s: %s by %s, %d refused, %d unknown: ", register.Name,
		plural(register.Operations, "operation"), plural(register.Clients, "client"), register.Refused, register.Unknown)
	switch register.Linearizable {
	case harness.Linearizable:
		text += "linearizable"
	case harness.NotLinearizable:
		text += "not linearizable"
	default:
		text += "not checked"
	}
	if register.Explanation != "" {
		text += ": " + register.Explanation
	}
	return printable(text)
}

// wasDetected tells whether it was known in time that an SLI of the steady state broke: without that a time to detect
// means nothing.
func wasDetected(record harness.Record) bool {
	limit := record.Objective.DetectWithin
	return slices.ContainsFunc(record.Judgement.Outages, func(outage harness.Outage) bool {
		return outage.Steady && (limit == 0 || max(outage.Lost, outage.Known) <= limit)
	})
}
