package reports

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
)

// Counts says how many drills there are and how they ended, without what did not occur.
func (d Distribution) Counts() string {
	parts := []string{fmt.Sprintf("%d recovered", d.Recovered), fmt.Sprintf("%d met", d.Met)}
	for _, part := range []struct {
		count int
		name  string
	}{{d.Missed, "missed"}, {d.Inconclusive, "inconclusive"}, {d.Unmeasured, "without a recovery time"}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.name))
		}
	}
	return fmt.Sprintf("%s: %s", plural(len(d.Records), "drill"), strings.Join(parts, ", "))
}

// Sentence judges the RTO on the worst drill, and says how to find that one again.
func (d Distribution) Sentence() string {
	if d.Unnoticed {
		return fmt.Sprintf("Nobody may notice: somebody did in %d of %s.", d.RTA.N, plural(len(d.Records), "drill"))
	}
	if d.RTA.N == 0 {
		return fmt.Sprintf("The RTO of %s cannot be judged: nothing broke in any drill.", FormatDuration(d.RTO))
	}
	text := fmt.Sprintf("The RTO of %s is judged on the worst drill and is %s: %s, seed %d, phase %s.",
		FormatDuration(d.RTO), d.verdictWords(), d.worstTime(), d.Worst.Seed, FormatDuration(d.Worst.Phase))
	if d.Verdict == harness.Inconclusive {
		text += fmt.Sprintf(" %d of %d drills prove nothing.", max(d.Inconclusive, d.Unmeasured), len(d.Records))
	}
	return text
}

// verdictWords is the verdict, and whether every drill went as its spec claims.
func (d Distribution) verdictWords() string {
	if d.Verdict == harness.Missed && d.AsClaimed == len(d.Records) {
		return "missed, as claimed"
	}
	return string(d.Verdict)
}

// worstTime is how long the worst drill took.
func (d Distribution) worstTime() string {
	if !d.Worst.Judgement.Recovered {
		return "not back within " + FormatDuration(d.Worst.Judgement.RTA)
	}
	return recoveryFigure(d.Worst)
}

// spreadPhrase is a distribution in one short line.
func spreadPhrase(spread Spread) string {
	return fmt.Sprintf("median %s, p95 %s, max %s", spread.Median.At, spread.P95.At, spread.Max)
}

// LossPhrase is the data loss of all drills.
func (d Distribution) LossPhrase() string {
	switch {
	case d.RPA.N == 0:
		return "not judged"
	case d.Lost == 0:
		return "no acknowledged write lost in " + plural(d.RPA.N, "drill")
	}
	return fmt.Sprintf("%s; %s lost, %d in the worst drill", spreadPhrase(d.RPA), plural(d.Lost, "write"), d.MostLost)
}

// lossNote is what there is to say of the data loss besides its maximum.
func (d Distribution) lossNote() string {
	if d.Lost == 0 {
		return d.LossPhrase()
	}
	return fmt.Sprintf("median %s, p95 %s; %s lost, %d in the worst drill", d.RPA.Median.At, d.RPA.P95.At, plural(d.Lost, "write"),
		d.MostLost)
}

// A FigureRow is one line of a distribution's figures: what it is, its value, and what to know of it.
type FigureRow struct{ Name, Value, Note string }

// Rows are the figures for a table: the recovery time in full, the others shortly.
func (d Distribution) Rows() []FigureRow {
	var rows []FigureRow
	if d.RTA.N > 0 {
		rows = append(rows,
			FigureRow{"RTA median", d.RTA.Median.At.String(), d.RTA.Median.Interval()},
			FigureRow{"RTA p95", d.RTA.P95.At.String(), d.RTA.P95.Interval()},
			FigureRow{"RTA max", d.RTA.Max.String(), "n = " + fmt.Sprint(d.RTA.N) + ", each ± " + FormatDuration(d.Resolution) +
				" or less"})
	}
	if d.TTD.N > 0 {
		rows = append(rows, FigureRow{"TTD median", d.TTD.Median.At.String(), fmt.Sprintf("p95 %s, max %s", d.TTD.P95.At, d.TTD.Max)})
	}
	if d.RPA.N > 0 {
		rows = append(rows, FigureRow{"RPA max", d.RPA.Max.String(), d.lossNote()})
	}
	return rows
}

// distributions prints a block per repeated spec below the table.
func (t *table) distributions(all []Distribution) {
	for i, d := range all {
		if i == 0 {
			fmt.Fprintln(t.w, "\n"+t.paint(bold, "repeated drills"))
		}
		for _, line := range wrap(d.Scenario+": "+d.Title, tableWidth-2) {
			fmt.Fprintln(t.w, "  "+line)
		}
		fmt.Fprintln(t.w, "    "+t.paint(outcomeColors[d.outcome()], d.outcome().mark()+" "+d.Counts()))
		for _, line := range wrap(d.Sentence(), tableWidth-6) {
			fmt.Fprintln(t.w, "      "+line)
		}
		for _, row := range d.Rows() {
			head := "      " + pad(row.Name, 12) + pad(row.Value+" ", 13)
			for _, line := range wrap(row.Note, tableWidth-utf8.RuneCountInString(head)) {
				fmt.Fprintln(t.w, head+t.paint(faint, line))
				head = pad("", utf8.RuneCountInString(head))
			}
		}
	}
}

// outcome is what a run makes of the repeated drills.
func (d Distribution) outcome() outcome {
	switch {
	case d.Verdict == harness.Inconclusive:
		return inconclusive
	case d.AsClaimed == len(d.Records):
		return asClaimed
	}
	return notAsClaimed
}

// summaryDistributions is a table of the repeated drills, and a sentence on the worst of each.
func summaryDistributions(text *strings.Builder, all []Distribution) {
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
		sign := [...]string{asClaimed: "✅", notAsClaimed: "❌", inconclusive: "🟣"}[d.outcome()]
		fmt.Fprintf(text, "%s **%s** %s. %s", sign, markdown(d.Title), d.Counts(), d.Sentence())
		if d.Worst.Repeat != "" {
			fmt.Fprintf(text, " Repeat the worst with %s", code(oneLine(d.Worst.Repeat)))
		}
		text.WriteString("\n\n")
	}
}

// target is the RTO as a table shows it.
func (d Distribution) target() string {
	if d.Unnoticed {
		return unnoticedTarget
	}
	return FormatDuration(d.RTO)
}

// distributionMetrics writes the families of the repeated drills. A drill that did not recover makes
// its quantile +Inf: longer than every one that did.
func distributionMetrics(text *strings.Builder, all []Distribution) {
	if len(all) == 0 {
		return
	}
	for _, family := range []struct {
		name, help string
		value      func(Distribution) float64
	}{
		{
			"reprise_repeated_drills", "Drills of the same spec in this run.",
			func(d Distribution) float64 { return float64(len(d.Records)) },
		},
		{"reprise_repeated_recovered_drills", "Those that recovered.", func(d Distribution) float64 { return float64(d.Recovered) }},
		{"reprise_repeated_met_drills", "Those that met their objective.", func(d Distribution) float64 { return float64(d.Met) }},
		{
			"reprise_repeated_lost_writes", "Acknowledged writes lost in all of them.",
			func(d Distribution) float64 { return float64(d.Lost) },
		},
		{
			"reprise_repeated_rto_met", "1 when the worst of them met the RTO, else 0.",
			func(d Distribution) float64 { return truth(d.Verdict == harness.Met) },
		},
	} {
		describe(text, metric{name: family.name, help: family.help})
		for _, d := range all {
			sample(text, family.name, specLabels(d.Scenario, d.Title), family.value(d))
		}
	}
	for _, family := range []struct {
		name, help string
		spread     func(Distribution) Spread
	}{
		{
			"reprise_repeated_rta_seconds",
			"Recovery time over the drills of a spec; +Inf where it stands for one that did not recover.",
			func(d Distribution) Spread { return d.RTA },
		},
		{"reprise_repeated_ttd_seconds", "Time to detect over the drills of a spec.", func(d Distribution) Spread { return d.TTD }},
		{"reprise_repeated_rpa_seconds", "Data loss over the drills of a spec.", func(d Distribution) Spread { return d.RPA }},
	} {
		describe(text, metric{name: family.name, unit: "seconds", help: family.help})
		for _, d := range all {
			spreadSamples(text, family.name, specLabels(d.Scenario, d.Title), family.spread(d))
		}
	}
}

// spreadSamples writes what there is of a spread, an interval only where n allows one.
func spreadSamples(text *strings.Builder, name, labels string, spread Spread) {
	if spread.N == 0 {
		return
	}
	write := func(statistic string, bound Bound) {
		value := bound.Value.Seconds()
		if bound.Beyond {
			value = math.Inf(1)
		}
		sample(text, name, labels+fmt.Sprintf(`,statistic="%s"`, statistic), value)
	}
	for _, quantile := range []struct {
		name string
		Quantile
	}{{"median", spread.Median}, {"p95", spread.P95}} {
		write(quantile.name, quantile.At)
		if quantile.Coverage > 0 {
			write(quantile.name+"_low", quantile.Low)
			write(quantile.name+"_high", quantile.High)
		}
	}
	write("max", spread.Max)
}
