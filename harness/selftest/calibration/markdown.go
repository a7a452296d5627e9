package calibration

import (
	"fmt"
	"strings"
	"time"
)

// Markdown is the table of all methods, and where its figures come from.
func (r Result) Markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "| method | outages | measured | missed, up to %s | up to %s | longer | merged | invented | error p50 | "+
		"p90 | p99 | max "+
		"| median with sign | inconclusive | silently wrong |\n", milliseconds(r.Period), milliseconds(2*r.Period))
	text.WriteString("|---" + strings.Repeat("|---:", 14) + "|\n")
	for _, figures := range r.Idle.Methods {
		text.WriteString(figures.row("idle"))
	}
	for _, figures := range r.Loaded.Methods {
		text.WriteString(figures.row("all processors busy"))
	}
	fmt.Fprintf(&text, "\nThe error is that of an outage's length, as an absolute value. Merged: taken for a part of another "+
		"outage. "+
		"Invented: there was none, or one was measured twice. Inconclusive: the record itself marks the figure, because nobody had "+
		"asked "+
		"or had an answer for a period and a half at one of its edges. Silently wrong: the truth is outside of what the record "+
		"says is "+
		"possible; methods that say nothing of the kind have a dash. curl and Eventually watched the HTTP services only. Of %d "+
		"outages "+
		"the truth is not known to a millisecond, and of %d on the busy machine: they have no part in the errors.\n",
		r.Idle.unproved(), r.Loaded.unproved())
	fmt.Fprintf(&text, "\nThe observer took %.1f %% of one core and %.1f MiB of memory for %d probes every %s (all processors "+
		"busy: %.1f %%, %.1f MiB).",
		100*r.Idle.Observer.Processor, mebibytes(r.Idle.Observer.PeakMemory), r.Probes, milliseconds(r.Period),
		100*r.Loaded.Observer.Processor, mebibytes(r.Loaded.Observer.PeakMemory))
	if r.Idle.Bare > 0 && r.Loaded.Bare > 0 { // results of before did not know
		fmt.Fprintf(&text, " The questions alone took %.1f %% (busy: %.1f %%) of a program that does nothing else: the observer "+
			"took %.2f and %.2f times as "+
			"much. Under %.0f %% is promised, or %.1f times where the questions alone leave no room for that.",
			100*r.Idle.Bare, 100*r.Loaded.Bare, r.Idle.Observer.Processor/r.Idle.Bare, r.Loaded.Observer.Processor/r.Loaded.Bare,
			100*promisedProcessor, promisedTimes)
	}
	fmt.Fprintf(&text, "\n\nMeasured on %s with seed %d; %s processors, %s of memory, kernel %s, engine %s.\n",
		r.Started.UTC().Format("2006-01-02"), r.Seed, r.Machine["processors"], r.Machine["memory"], r.Machine["kernel"],
		r.Machine["engine"])
	return text.String()
}

// row is one line of the table.
func (f Figures) row(machine string) string {
	inconclusive, wrong := "–", "–"
	if f.Sharp.Count+f.Inconclusive > 0 {
		inconclusive, wrong = fmt.Sprint(f.Inconclusive), fmt.Sprint(f.Violations)
	}
	return fmt.Sprintf("| %s, %s | %d | %d | %d | %d | %d | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n",
		f.Method, machine, f.Outages, f.Measured, f.Missed.WithinOne, f.Missed.WithinTwo, f.Missed.Longer+f.Missed.Blind, f.Merged,
		f.Invented+f.Split, milliseconds(f.Error.P50), milliseconds(f.Error.P90), milliseconds(f.Error.P99), milliseconds(f.Error.Max),
		milliseconds(f.Error.Median), inconclusive, wrong)
}

// unproved counts the outages of an arm that the errors leave out. The observer comes first.
func (a *Arm) unproved() int {
	if len(a.Methods) == 0 {
		return 0
	}
	return a.Methods[0].Unproved
}

func milliseconds(d time.Duration) string {
	text := fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
	return strings.TrimSuffix(text, ".0") + " ms"
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
