package judge

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// unnoticedRecord is work from 60 s to 70 s that nobody noticed, watched until 100 s.
func unnoticedRecord() harness.Record {
	record := metRecord()
	record.Objective = harness.RecordObjective{Unnoticed: true, NoData: true, Dwell: 5 * second, DetectWithin: 30 * second}
	record.Fault.Description, record.Fault.Returned, record.Fault.RevertedAt = "maintenance", 70*second, 0
	record.WatchedUntil, record.Steps, record.Ledgers = 0, nil, nil
	record.SLIs[0].Intervals, record.SLIs[1].Intervals = []harness.Interval{up(0, 100)}, []harness.Interval{up(0, 100)}
	return record
}

// Goal: work that nobody may notice is met when everybody has looked on to the end and nobody has noticed, missed when
// somebody has, whenever it came back, and inconclusive when nobody can tell. Method: a table of changes to one record.
func TestJudgeUnnoticed(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*harness.Record)
		want   harness.Verdict
		reason string
	}{
		{
			"unnoticed", func(*harness.Record) {},
			harness.Met, "nobody noticed it: none of 202 answers to 2 probes failed within 30s of its beginning",
		},
		{
			"one answer",
			func(r *harness.Record) {
				r.SLIs[0].Intervals = []harness.Interval{up(0, 71), down(72, 72), up(73, 100)}
			}, harness.Missed,
			`nobody was to notice it: "quorum" failed 12s after its beginning, for 1s`,
		},
		{
			"for good", func(r *harness.Record) { r.SLIs[0].Intervals = []harness.Interval{up(0, 71), down(72, 100)} }, harness.Missed,
			`"quorum" failed 12s after its beginning, for 28s`,
		},
		{
			"what failed later", func(r *harness.Record) { r.SLIs[0].Intervals = []harness.Interval{up(0, 91), down(92, 100)} },
			harness.Met, "nobody noticed it",
		},
		{
			"what was only watched", func(r *harness.Record) { r.SLIs[2].Intervals = []harness.Interval{up(0, 60), down(61, 100)} },
			harness.Met, "nobody noticed it",
		},
		{
			"one who did not look on",
			func(r *harness.Record) { r.SLIs[1].Intervals = []harness.Interval{up(0, 85)} }, harness.Inconclusive,
			`"service" was asked until 25s after the fault only`,
		},
		{
			"few answers",
			func(r *harness.Record) { r.SLIs[1].Intervals = []harness.Interval{intervalWith(up(0, 100), 2)} }, harness.Inconclusive,
			`"service" was asked 2 times after the fault`,
		},
		{
			"one who was not asked for the dwell", func(r *harness.Record) { r.SLIs[1].LongestGap = 5 * second }, harness.Inconclusive,
			`"service" was not asked for 5s`,
		},
		{
			"work that nobody has seen end", func(r *harness.Record) { r.Fault.Returned = 86 * second },
			harness.Inconclusive, "the work took 26s",
		},
		{
			"work of which nothing proved that it was done", func(r *harness.Record) { r.Fault.Confirmed = "" },
			harness.Inconclusive, "nothing proved",
		},
		{"no work", func(r *harness.Record) { r.Fault = nil }, harness.Inconclusive, "no fault was injected"},
		{"a starved machine", func(r *harness.Record) {
			r.Interruptions = []harness.RecordInterruption{{From: 71 * second, Length: 6 * second, Reason: "starved"}}
		}, harness.Inconclusive, "the measurement was interrupted for 6s"},
		{"lost data", func(r *harness.Record) {
			r.Objective.NoData, r.Ledgers = false, metRecord().Ledgers
			lose(r, 1, 58*second)
		}, harness.Missed, "acknowledged writes were lost"},
	} {
		record := unnoticedRecord()
		test.change(&record)
		got := Judge(record)
		if reasons := strings.Join(got.Reasons, "; "); got.Verdict != test.want || !strings.Contains(reasons, test.reason) ||
			got.Recovered && test.want == harness.Met {
			t.Errorf("%s: %s (%s), want %s: %s", test.name, got.Verdict, reasons, test.want, test.reason)
		}
	}
}
