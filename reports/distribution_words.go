package reports

import (
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// Counts says how many drills there are and how they ended, without what did not occur.
func (d Distribution) Counts() string {
	parts := []string{fmt.Sprintf("%d recovered", d.Recovered), fmt.Sprintf("%d met", d.Met)}
	parts = append(parts, occurred(count{d.Missed, "missed"}, count{d.Inconclusive, "inconclusive"},
		count{d.Unmeasured, "without a recovery time"})...)
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
	worst := d.worst
	if !d.Worst.Judgement.Recovered {
		worst = "not back within " + FormatDuration(d.Worst.Judgement.RTA)
	}
	text := fmt.Sprintf("The RTO of %s is judged on the worst drill and is %s: %s, seed %d, phase %s.",
		FormatDuration(d.RTO), d.verdictWords(), worst, d.Worst.Seed, FormatDuration(d.Worst.Phase))
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

// target is the RTO as a table shows it.
func (d Distribution) target() string {
	if d.Unnoticed {
		return unnoticedTarget
	}
	return FormatDuration(d.RTO)
}
