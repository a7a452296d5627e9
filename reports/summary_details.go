package reports

import (
	"fmt"
	"html"
	"strings"
)

// summaryDetails folds what a drill measured besides its verdict.
func summaryDetails(text *strings.Builder, v *view) {
	if len(v.Outages)+len(v.Ledgers)+len(v.Registers)+len(v.Rehearsals)+len(v.Drift)+len(v.Mentions)+len(v.Spared) == 0 {
		return
	}
	fmt.Fprintf(text, "<details><summary>%s: what each SLI suffered</summary>\n\n", html.EscapeString(oneLine(v.Title)))
	fmt.Fprintf(text, "%s\n\n", markdown(v.Sentence))
	summaryMilestones(text, v)
	summaryOutages(text, v)
	summaryNotes(text, v)
	summaryRepairs(text, v)
	summaryLedgers(text, v)
	text.WriteString("</details>\n\n")
}

func summaryOutages(text *strings.Builder, v *view) {
	if len(v.Outages) == 0 {
		return
	}
	text.WriteString("| SLI | lost at | back at | down for |\n|---|---|---|---|\n")
	for _, outage := range v.Outages {
		lost, back, down := FormatDuration(outage.Lost), "never", outage.DownFor
		if outage.KnownLate {
			lost += ", known at " + FormatDuration(outage.Known)
		}
		if outage.Returned {
			back = FormatDuration(outage.Back)
		}
		if outage.Inconclusive != "" {
			down = "🟣 " + markdown(down+", inconclusive: "+outage.Inconclusive)
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s |\n", markdown(outage.Name), lost, back, down)
	}
	text.WriteString("\n")
}

// summaryNotes lists what has no figures of its own kind: rehearsals, what was spared, further faults, registers, gaps, drift.
func summaryNotes(text *strings.Builder, v *view) {
	var notes []string
	for _, rehearsal := range v.Rehearsals {
		notes = append(notes, rehearsal.Mark+" "+rehearsal.Sentence)
	}
	for _, one := range v.Spared {
		notes = append(notes, one.Mark+" "+one.SLI+", named as unaffected: "+one.Outcome)
	}
	for _, fault := range v.Faults {
		if fault.Further {
			notes = append(notes, fault.Sentence)
		}
	}
	for _, register := range v.Registers {
		notes = append(notes, register.Sentence)
	}
	notes = append(notes, v.Gaps...)
	notes = append(notes, v.DriftNotes...)
	for _, note := range notes {
		fmt.Fprintf(text, "- %s\n", markdown(note))
	}
	if len(notes) > 0 {
		text.WriteString("\n")
	}
}

func summaryRepairs(text *strings.Builder, v *view) {
	if len(v.Judgement.Repairs) == 0 {
		return
	}
	text.WriteString("| runbook | step | took | declared |\n|---|---|---|---|\n")
	for _, repair := range v.Judgement.Repairs {
		fmt.Fprintf(text, "| %s | %s | %s | %s |\n", markdown(repair.Runbook), markdown(repair.Name), FormatDuration(repair.Took),
			declaredTime(repair.Declared))
	}
	text.WriteString("\n")
}

func summaryLedgers(text *strings.Builder, v *view) {
	if len(v.Ledgers) == 0 {
		return
	}
	text.WriteString("| ledger | acknowledged | kept | lost | oldest lost | unknown | unknown, kept | refused | reappeared " +
		"|\n|---|---|---|---|---|---|---|---|---|\n")
	for _, ledger := range v.Ledgers {
		name, readBack := markdown(ledger.Name), func(count int) string { return fmt.Sprint(count) }
		if !ledger.Reconciled {
			name, readBack = name+" (never read back)", func(int) string { return "-" }
		}
		fmt.Fprintf(text, "| %s | %d | %s | %s | %s | %d | %s | %d | %s |\n", name, ledger.Acknowledged, readBack(ledger.Kept),
			readBack(ledger.Lost), ledger.OldestLost, ledger.Unknown, readBack(ledger.UnknownKept), ledger.Refused,
			readBack(ledger.Reappeared))
	}
	text.WriteString("\n")
}

// summaryMilestones are the milestones and the symptoms as Markdown.
func summaryMilestones(text *strings.Builder, v *view) {
	if len(v.Milestones) > 0 {
		text.WriteString("| milestone | reached after | declared | target |\n|---|---|---|---|\n")
		for _, view := range v.Milestones {
			name := view.Name
			if view.HangsOn != "" {
				name += " (" + view.HangsOn + ")"
			}
			fmt.Fprintf(text, "| %s %s | %s | %s | %s |\n", view.Mark, markdown(name), view.After, view.Declared, view.Target)
		}
		text.WriteString("\n")
	}
	if len(v.Symptoms) > 0 {
		text.WriteString("| looked at | after the fault | what was wrong |\n|---|---|---|\n")
		for _, view := range v.Symptoms {
			fmt.Fprintf(text, "| %s | %s %s | %s |\n", markdown(view.Subject), view.Mark, view.Kind, markdown(view.Says))
		}
		text.WriteString("\n")
	}
}
