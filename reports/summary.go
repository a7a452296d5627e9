package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Summary writes the run as Markdown for the summary of a CI step: one table, one of the repeated
// drills, the reasons of everything that is not plainly met, and folded below it the details of each
// drill: what each SLI suffered, what the runbook took, what became of the writes.
func Summary(w io.Writer, run Run) error { return writeSummary(w, viewOfRun(run)) }

func writeSummary(w io.Writer, run runView) error {
	var text strings.Builder
	fmt.Fprintf(&text, "## Reprise: %s\n\n", markdown(run.Headline))
	if len(run.Drills)+len(run.NeverRan) > 0 {
		summaryTable(&text, run)
	}
	summaryDistributions(&text, run.Distributions)
	summaryProblems(&text, run)
	for _, v := range run.Drills {
		summaryDetails(&text, v)
	}
	if len(run.Skipped) > 0 {
		fmt.Fprintf(&text, "<details><summary>%s</summary>\n\n", plural(len(run.Skipped), "skipped spec"))
		for _, skip := range run.Skipped {
			fmt.Fprintf(&text, "- %s: %s: %s\n", markdown(skip.Scenario), markdown(skip.Title), markdown(skip.Reason))
		}
		text.WriteString("\n</details>\n\n")
	}
	fmt.Fprintf(&text, "Run %s, %s, seed %d. Repeat it with %s\n", code(run.ID), FormatDuration(run.Duration), run.Seed,
		code(run.Command))
	_, err := io.WriteString(w, text.String())
	return err
}

func summaryTable(text *strings.Builder, run runView) {
	text.WriteString("| | scenario | drill | RTA / RTO | RPA / RPO | recovered by | verdict |\n")
	text.WriteString("|---|---|---|---|---|---|---|\n")
	for _, v := range run.Drills {
		values, mark, failed := v.cells(false), summaryMarks[v.Outcome], ""
		if len(v.Failures) > 0 {
			mark, failed = summaryMarks[notAsClaimed], ", spec failed"
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s | %s%s |\n", mark, markdown(v.Scenario), markdown(v.Title), values[0],
			values[1], values[2], v.Verdict, failed)
	}
	for _, failure := range run.NeverRan {
		fmt.Fprintf(text, "| ❌ | %s | %s | - | - | - | %s |\n", markdown(failure.Scenario), markdown(failure.Title),
			markdown(firstLine(failure.Message)))
	}
	text.WriteString("\n")
}

// summaryMarks are the outcomes as coloured signs, which Markdown has no other way to give.
var summaryMarks = [...]string{asClaimed: "✅", notAsClaimed: "❌", inconclusive: "🟣"}

// summaryProblems explains every drill that is not plainly met, and every failed spec.
func summaryProblems(text *strings.Builder, run runView) {
	for _, v := range run.Drills {
		texts := slices.Clone(v.Why)
		for _, failure := range v.Failures {
			texts = append(texts, "spec failed: "+firstLine(failure.Message))
		}
		if len(texts) == 0 {
			continue
		}
		fmt.Fprintf(text, "**%s** %s\n\n", markdown(v.Title), markdown(v.Sentence))
		for _, line := range texts {
			fmt.Fprintf(text, "- %s\n", markdown(line))
		}
		text.WriteString("\n")
	}
	for _, failure := range run.Others {
		verb := "left no record"
		if failure.Kind == SuiteFailed {
			verb = "failed"
		}
		fmt.Fprintf(text, "❌ **%s: %s** %s: %s\n\n", markdown(failure.Scenario), markdown(failure.Title), verb,
			markdown(firstLine(failure.Message)))
		summaryOutput(text, failure.Output)
	}
}

// summaryOutput is what a suite printed last, as it was: indented lines are code whatever they hold.
func summaryOutput(text *strings.Builder, output string) {
	if output == "" {
		return
	}
	for line := range strings.Lines(printable(output)) {
		text.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	text.WriteString("\n")
}

var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "#",
	`\#`, "~", `\~`, "$", `\$`,
)

// markdown makes a text safe inside a line or a cell: what a product wrote into its log must not
// become a table, a link, a formula or HTML.
func markdown(text string) string { return markdownEscapes.Replace(oneLine(text)) }

// code is a text as it is, in a code span that no backtick in it can end.
func code(text string) string {
	text = strings.ReplaceAll(printable(text), "\n", " ")
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// summaryDistributions is a table of the repeated drills, and a sentence on the worst of each.
func summaryDistributions(text *strings.Builder, all []distributionView) {
	if len(all) == 0 {
		return
	}
	text.WriteString("### Repeated drills\n\n")
	text.WriteString("| drill | n | recovered | met | RTA median | RTA p95 | RTA max | RTO | TTD | RPA |\n")
	text.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, d := range all {
		median, p95, longest, ttd := "-", "-", "-", "-"
		if d.RTA.N > 0 {
			median = fmt.Sprintf("%s (%s)", d.RTA.Median.At, d.RTA.Median.Interval())
			p95 = fmt.Sprintf("%s (%s)", d.RTA.P95.At, d.RTA.P95.Interval())
			longest = d.RTA.Max.String()
		}
		if d.TTD.N > 0 {
			ttd = spreadPhrase(d.TTD)
		}
		fmt.Fprintf(text, "| %s | %d | %d | %d | %s | %s | %s | %s | %s | %s |\n", markdown(d.Scenario+": "+d.Title), len(d.Records),
			d.Recovered, d.Met, markdown(median), markdown(p95), markdown(longest), d.target(), ttd, d.LossPhrase())
	}
	text.WriteString("\n")
	for _, d := range all {
		fmt.Fprintf(text, "%s **%s** %s. %s", summaryMarks[d.outcome()], markdown(d.Title), d.Counts(), d.Sentence())
		if d.Worst.Repeat != "" {
			fmt.Fprintf(text, " Repeat the worst with %s", code(oneLine(d.Worst.Repeat)))
		}
		text.WriteString("\n\n")
	}
}
