package reports

import (
	"fmt"
	"html"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// summaryDetails folds what a drill measured besides its verdict.
func summaryDetails(text *strings.Builder, record harness.Record) {
	if len(record.Judgement.Outages)+len(record.Ledgers)+len(record.Registers)+len(record.Rehearsals)+len(record.Drift)+len(
		record.Mentions) == 0 && len(sparedSLIs(record)) == 0 {
		return
	}
	fmt.Fprintf(text, "<details><summary>%s: what each SLI suffered</summary>\n\n", html.EscapeString(oneLine(record.Title)))
	fmt.Fprintf(text, "%s\n\n", markdown(sentence(record)))
	summaryMilestones(text, record)
	summaryOutages(text, record)
	summaryNotes(text, record)
	summaryRepairs(text, record)
	summaryLedgers(text, record)
	text.WriteString("</details>\n\n")
}

func summaryOutages(text *strings.Builder, record harness.Record) {
	if len(record.Judgement.Outages) == 0 {
		return
	}
	text.WriteString("| SLI | lost at | back at | down for |\n|---|---|---|---|\n")
	for _, outage := range record.Judgement.Outages {
		name, back, down := markdown(outage.SLI), "never", downTime(outage)
		if part := part(record, outage.SLI); part != "" {
			name += " (" + part + ")"
		}
		if outage.Returned {
			back = FormatDuration(outage.Back)
		}
		if outage.Inconclusive != "" {
			down = "🟣 " + markdown(down+", inconclusive: "+outage.Inconclusive)
		}
		lost := FormatDuration(outage.Lost)
		if knownLate(record, outage) {
			lost += ", known at " + FormatDuration(outage.Known)
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s |\n", name, lost, back, down)
	}
	text.WriteString("\n")
}

// summaryNotes lists what has no figures of its own kind: rehearsals, what was spared, further faults, registers, gaps, drift.
func summaryNotes(text *strings.Builder, record harness.Record) {
	var notes []string
	for _, rehearsal := range record.Rehearsals {
		notes = append(notes, rehearsalMark(rehearsal)+" "+rehearsalSentence(rehearsal))
	}
	for _, one := range sparedSLIs(record) {
		notes = append(notes, one.Mark+" "+one.SLI+", named as unaffected: "+one.Outcome)
	}
	for i, fault := range record.FurtherFaults {
		notes = append(notes, furtherFaultSentence(record, i, fault))
	}
	for _, register := range record.Registers {
		notes = append(notes, registerSentence(register))
	}
	notes = append(notes, gapSentences(record)...)
	notes = append(notes, driftNotes(record)...)
	for _, note := range notes {
		fmt.Fprintf(text, "- %s\n", markdown(note))
	}
	if len(notes) > 0 {
		text.WriteString("\n")
	}
}

// furtherFaultSentence says of a fault that struck during the recovery when it did and what proves it.
func furtherFaultSentence(record harness.Record, index int, fault harness.RecordFault) string {
	text := fmt.Sprintf("%s fault", ordinal(index+2))
	if record.Fault != nil {
		text += ", " + offset(fault.At-record.Fault.At)
	}
	text += ": " + fault.Description
	if fault.Confirmed == "" {
		return text + "; nothing proved that it bites"
	}
	return text + "; it bites: " + fault.Confirmed
}

func summaryRepairs(text *strings.Builder, record harness.Record) {
	if len(record.Judgement.Repairs) == 0 {
		return
	}
	text.WriteString("| runbook | step | took | declared |\n|---|---|---|---|\n")
	for _, repair := range record.Judgement.Repairs {
		declared := "-"
		if repair.Declared > 0 {
			declared = FormatDuration(repair.Declared)
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s |\n", markdown(repair.Runbook), markdown(repair.Name), FormatDuration(repair.Took),
			declared)
	}
	text.WriteString("\n")
}

func summaryLedgers(text *strings.Builder, record harness.Record) {
	if len(record.Ledgers) == 0 {
		return
	}
	text.WriteString("| ledger | acknowledged | kept | lost | oldest lost | unknown | unknown, kept | refused | reappeared " +
		"|\n|---|---|---|---|---|---|---|---|---|\n")
	for _, ledger := range record.Ledgers {
		name, readBack := markdown(ledger.Name), func(count int) string { return fmt.Sprint(count) }
		if !ledger.Reconciled {
			name, readBack = name+" (never read back)", func(int) string { return "-" }
		}
		fmt.Fprintf(text, "| %s | %d | %s | %s | %s | %d | %s | %d | %s |\n", name, ledger.Acknowledged, readBack(ledger.Kept),
			readBack(ledger.Lost),
			oldestLostOf(record, ledger), ledger.Unknown, readBack(ledger.UnknownKept), ledger.Refused, readBack(ledger.Reappeared))
	}
	text.WriteString("\n")
}

// summaryMilestones are the milestones and the symptoms as Markdown.
func summaryMilestones(text *strings.Builder, record harness.Record) {
	if views := milestonesOf(record); len(views) > 0 {
		text.WriteString("| milestone | reached after | declared | target |\n|---|---|---|---|\n")
		for _, view := range views {
			name := view.Name
			if view.HangsOn != "" {
				name += " (" + view.HangsOn + ")"
			}
			fmt.Fprintf(text, "| %s %s | %s | %s | %s |\n", view.Mark, markdown(name), view.After, view.Declared, view.Target)
		}
		text.WriteString("\n")
	}
	if views := symptomsOf(record); len(views) > 0 {
		text.WriteString("| looked at | after the fault | what was wrong |\n|---|---|---|\n")
		for _, view := range views {
			fmt.Fprintf(text, "| %s | %s %s | %s |\n", markdown(view.Subject), view.Mark, view.Kind, markdown(view.Says))
		}
		text.WriteString("\n")
	}
}
