package reports

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// OpenMetrics writes the figures of the drills as OpenMetrics text, ended by "# EOF". All are
// gauges labelled with the drill's scenario, title and record ID; reprise_verdict has one series
// per verdict, 1 for the one that was given; reprise_miss one per miss where the claimed and the found ones differ. Those
// of repeated drills are labelled with scenario and title only. A figure that a drill does not have is left out.
func OpenMetrics(w io.Writer, records []harness.Record) error {
	return writeMetrics(w, viewOfRun(Run{Records: records}))
}

func writeMetrics(w io.Writer, run runView) error {
	var text strings.Builder
	for _, metric := range metrics {
		describe(&text, metric)
		for _, v := range run.Drills {
			if value, known := metric.value(v); known {
				sample(&text, metric.name, labels(v), value)
			}
		}
	}
	describe(&text, metric{name: "reprise_verdict", help: "1 for the verdict of the drill, 0 for the others."})
	for _, v := range run.Drills {
		for _, verdict := range []harness.Verdict{harness.Met, harness.Missed, harness.Inconclusive} {
			given := v.Judgement.Verdict == verdict || v.Judgement.Verdict == "" && verdict == harness.Inconclusive
			sample(&text, "reprise_verdict", labels(v)+fmt.Sprintf(`,verdict="%s"`, verdict), truth(given))
		}
	}
	missMetrics(&text, run.Drills)
	distributionMetrics(&text, run.Distributions)
	text.WriteString("# EOF\n")
	_, err := io.WriteString(w, text.String())
	return err
}

func describe(text *strings.Builder, metric metric) {
	fmt.Fprintf(text, "# TYPE %s gauge\n", metric.name)
	if metric.unit != "" {
		fmt.Fprintf(text, "# UNIT %s %s\n", metric.name, metric.unit)
	}
	fmt.Fprintf(text, "# HELP %s %s\n", metric.name, metric.help)
}

func sample(text *strings.Builder, name, labels string, value float64) {
	fmt.Fprintf(text, "%s{%s} %s\n", name, labels, strconv.FormatFloat(value, 'f', -1, 64))
}

// labels tells the drills of a run apart. Scenario and title are not enough: a run may repeat a drill.
func labels(v *view) string {
	return specLabels(v.Scenario, v.Title) + fmt.Sprintf(`,record="%s"`, labelValue(v.ID))
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labelValue is a text as it can stand in a label.
func labelValue(text string) string { return labelEscapes.Replace(printable(text)) }

// specLabels tells the specs of a run apart.
func specLabels(scenario, title string) string {
	return fmt.Sprintf(`scenario="%s",title="%s"`, labelValue(scenario), labelValue(title))
}

// distributionMetrics writes the families of the repeated drills. A drill that did not recover makes
// its quantile +Inf: longer than every one that did.
func distributionMetrics(text *strings.Builder, all []distributionView) {
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
			sample(text, family.name, specLabels(d.Scenario, d.Title), family.value(d.Distribution))
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
			spreadSamples(text, family.name, specLabels(d.Scenario, d.Title), family.spread(d.Distribution))
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

// missMetrics are the claimed and the found misses of the drills in which they differ.
func missMetrics(text *strings.Builder, drills []*view) {
	described := false
	for _, v := range drills {
		if v.OtherMiss == "" {
			continue
		}
		if !described {
			describe(text, metric{name: "reprise_miss", help: "1 for each miss of a drill whose claim means another one than was found."})
			described = true
		}
		for side, misses := range [][]harness.Miss{v.Claim.Misses, v.Judgement.Misses} {
			for _, miss := range misses {
				sample(text, "reprise_miss", labels(v)+fmt.Sprintf(`,miss="%s",side="%s"`,
					labelValue(string(miss)), []string{"claimed", "found"}[side]), 1)
			}
		}
	}
}
