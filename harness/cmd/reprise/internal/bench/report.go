package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/reprise-dr/reprise/reports"
)

// Schema names the version of the report's JSON.
const Schema = "reprise.bench/v1"

// The verdicts of figures that have a target.
const (
	met     = "ok"
	missed  = "missed"
	unknown = "not told" // something else on the machine got in the way
)

// A Report is what one bench measured. Durations are nanoseconds in JSON.
type Report struct {
	Schema   string            `json:"schema"`
	Started  time.Time         `json:"started"`
	Duration time.Duration     `json:"duration_ns"`
	Machine  map[string]string `json:"machine"`
	Figures  []Figure          `json:"figures"`
}

// A Figure is one line of the report: durations, a ratio of two medians, a number, or a list of names.
type Figure struct {
	Group   string          `json:"group"`
	Name    string          `json:"name"`
	Samples []time.Duration `json:"samples_ns,omitempty"` // in the order they were taken
	Median  time.Duration   `json:"median_ns,omitempty"`
	Least   time.Duration   `json:"min_ns,omitempty"`
	Most    time.Duration   `json:"max_ns,omitempty"`
	Tail    time.Duration   `json:"p99_ns,omitempty"` // the 99th percentile, by the nearest rank
	Ratio   float64         `json:"ratio,omitempty"`
	Number  *float64        `json:"number,omitempty"` // of a figure that is one, such as a rate
	Found   []string        `json:"found,omitempty"`
	Target  string          `json:"target,omitempty"`
	// Predicted is what settings alone say, where there is something to predict.
	Predicted string `json:"predicted,omitempty"`
	Verdict   string `json:"verdict,omitempty"` // "" without a target
}

// timing is a figure of durations. There has to be one at least.
func timing(group, name string, samples []time.Duration) Figure {
	sorted := slices.Sorted(slices.Values(samples))
	return Figure{
		Group: group, Name: name, Samples: samples,
		Median: median(sorted), Least: sorted[0], Most: sorted[len(sorted)-1], Tail: percentile(sorted, 99),
	}
}

// parts takes one duration of each thing that was measured.
func parts[T any](measured []T, part func(T) time.Duration) []time.Duration {
	durations := make([]time.Duration, len(measured))
	for i, one := range measured {
		durations[i] = part(one)
	}
	return durations
}

// median is the middle of sorted durations; of an even number, the mean of the two in the middle.
func median(sorted []time.Duration) time.Duration {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// percentile is the least of sorted durations that so many in a hundred do not exceed.
func percentile(sorted []time.Duration, hundredth int) time.Duration {
	rank := (len(sorted)*hundredth + 99) / 100
	return sorted[rank-1]
}

// medianBelow gives the figure a target for its median.
func (f Figure) medianBelow(limit time.Duration) Figure {
	f.Target, f.Verdict = "p50 < "+reports.FormatDuration(limit), judged(f.Median < limit)
	return f
}

// tailBelow gives the figure a target for its 99th percentile.
func (f Figure) tailBelow(limit time.Duration) Figure {
	f.Target, f.Verdict = "p99 < "+reports.FormatDuration(limit), judged(f.Tail < limit)
	return f
}

// ratio compares two medians of one run; it may be the limit at most.
func ratio(group, name string, dividend, divisor Figure, limit float64) Figure {
	quotient := float64(dividend.Median) / float64(divisor.Median)
	return Figure{Group: group, Name: name, Ratio: quotient, Target: fmt.Sprintf("≤ %g", limit), Verdict: judged(quotient <= limit)}
}

// found is a figure of names, of which there should be none.
func found(group, name string, names []string) Figure {
	return Figure{Group: group, Name: name, Found: names, Target: "none", Verdict: judged(len(names) == 0)}
}

func judged(holds bool) string {
	if holds {
		return met
	}
	return missed
}

// newReport begins a report with what there is to know about the machine.
func newReport(now time.Time) Report {
	machine := map[string]string{"processors": fmt.Sprint(runtime.NumCPU()), "go": runtime.Version()}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		machine["load before"] = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	return Report{Schema: Schema, Started: now, Machine: machine}
}

func (r *Report) add(figures ...Figure) { r.Figures = append(r.Figures, figures...) }

// groups are the names of the groups, in the order they first came.
func (r *Report) groups() []string {
	var groups []string
	for _, figure := range r.Figures {
		if !slices.Contains(groups, figure.Group) {
			groups = append(groups, figure.Group)
		}
	}
	return groups
}

func (r *Report) in(group string) []Figure {
	return slices.DeleteFunc(slices.Clone(r.Figures), func(figure Figure) bool { return figure.Group != group })
}

// columns are the heads of the table.
var columns = []string{"n", "p50", "min … max", "p99", "target", ""}

// cells are a figure's columns.
func (f Figure) cells() []string {
	switch {
	case f.Number != nil:
		return []string{"", fmt.Sprintf("%.1f", *f.Number), "", "", f.Target, f.Verdict}
	case f.Ratio != 0:
		return []string{"", fmt.Sprintf("%.2f", f.Ratio), "", "", f.Target, f.Verdict}
	case len(f.Samples) == 0:
		return []string{"", fmt.Sprint(len(f.Found)), "", "", f.Target, f.Verdict}
	}
	show := reports.FormatDuration
	return []string{
		fmt.Sprint(len(f.Samples)), show(f.Median), show(f.Least) + " … " + show(f.Most), show(f.Tail), f.Target,
		f.Verdict,
	}
}

// text is the report for a terminal.
func (r *Report) text() string {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i, group := range r.groups() {
		if i > 0 {
			fmt.Fprintln(table, strings.Repeat("\t", len(columns)))
		}
		fmt.Fprintf(table, "%s\t%s\n", group, strings.Join(columns, "\t"))
		for _, figure := range r.in(group) {
			fmt.Fprintf(table, "  %s\t%s\n", figure.Name, strings.Join(figure.cells(), "\t"))
		}
	}
	_ = table.Flush() // into memory
	for _, figure := range r.Figures {
		if len(figure.Found) > 0 {
			fmt.Fprintf(&text, "\n%s: %s\n  %s\n", figure.Group, figure.Name, strings.Join(figure.Found, "\n  "))
		}
	}
	fmt.Fprintf(&text, "\n%s\n", r.circumstances())
	return trimLines(text.String())
}

// trimLines takes away what fills the last column.
func trimLines(text string) string {
	var trimmed strings.Builder
	for line := range strings.Lines(text) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

// markdown is the report for a page.
func (r *Report) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Bench of %s\n\n%s\n", r.Started.UTC().Format("2006-01-02 15:04:05 MST"), r.circumstances())
	for _, group := range r.groups() {
		fmt.Fprintf(&text, "\n| %s | %s |\n|---|%s\n", group, strings.Join(columns, " | "),
			strings.Repeat("---:|", len(columns)))
		for _, figure := range r.in(group) {
			fmt.Fprintf(&text, "| %s | %s |\n", figure.Name, strings.Join(figure.cells(), " | "))
		}
		for _, figure := range r.in(group) {
			for _, name := range figure.Found {
				fmt.Fprintf(&text, "\n- %s: `%s`\n", figure.Name, name)
			}
		}
	}
	return text.String()
}

// source ends a table: when, by which command and on what its figures were measured.
func (r *Report) source(command string) string {
	return fmt.Sprintf("Measured on %s with `%s`, in %s, on %s processors.\n", r.Started.UTC().Format(time.DateOnly), command,
		reports.FormatDuration(r.Duration.Round(time.Second)), r.Machine["processors"])
}

// circumstances say what machine it was, and how long it took.
func (r *Report) circumstances() string {
	var known []string
	for name, value := range r.Machine {
		known = append(known, name+" "+value)
	}
	slices.Sort(known)
	return fmt.Sprintf("%s. Measured in %s.", strings.Join(known, ", "), reports.FormatDuration(r.Duration.Round(time.Second)))
}

func (r *Report) json() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the report as JSON: %w", err)
	}
	return append(text, '\n'), nil
}
