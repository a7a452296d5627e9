package judge

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

const second = time.Second

// metRecord is a drill that is met: t0 at 60 s, lost at once, back at 90 s by a runbook, watched to
// 95 s, nothing lost. Every case of a table changes one thing of it.
func metRecord() harness.Record {
	return harness.Record{
		Schema: harness.RecordSchema, ID: "judged", Claim: harness.Claim{Verdict: harness.Met},
		Objective: harness.RecordObjective{RTO: 60 * second, Dwell: 5 * second, DetectWithin: 60 * second, GiveUpAfter: 125 * second},
		SteadyAt:  10 * second, WatchedUntil: 96 * second,
		Fault: &harness.RecordFault{
			Description: "outage", At: 60 * second, Uncertainty: time.Millisecond, Confirmed: "seen",
			RevertedAt: 120 * second,
		},
		SLIs: []harness.RecordSLI{
			{Name: "quorum", Period: second, Steady: true, Intervals: []harness.Interval{up(0, 60), down(61, 89), up(90, 100)}},
			{Name: "service", Period: second, Steady: true, Intervals: []harness.Interval{up(0, 62), down(63, 79), up(80, 100)}},
			{Name: "old address", Period: second, Intervals: []harness.Interval{up(0, 60), down(61, 100)}},
		},
		Steps: []harness.RecordStep{
			{Runbook: "restart", Name: "stop", From: 65 * second, To: 70 * second},
			{Runbook: "restart", Name: "start", From: 70 * second, To: 85 * second},
		},
		Ledgers: []harness.RecordLedger{{
			Name: "entries", Attempted: 500, Acknowledged: 400, AcknowledgedBefore: 300, Refused: 80,
			Unknown: 20, Kept: 400, Reconciled: true,
		}},
	}
}

func up(from, to int) harness.Interval { return intervalOf(true, from, to) }

func down(from, to int) harness.Interval {
	interval := intervalOf(false, from, to)
	interval.Error = "connection refused"
	return interval
}

func intervalOf(up bool, from, to int) harness.Interval {
	at := time.Duration(from) * second
	return harness.Interval{Up: up, From: at, To: time.Duration(to) * second, Seen: at + 2*time.Millisecond, Samples: to - from + 1}
}

// Goal: the figures of a met drill are those that its record implies. Method: compare all of them.
func TestJudgeFigures(t *testing.T) {
	got := Judge(metRecord())
	want := harness.Judgement{
		Verdict: harness.Met, AsClaimed: true, RecoveredBy: harness.ByRunbook, Recovered: true, DataJudged: true,
		RTA: 30*second + 2*time.Millisecond, Resolution: second + 3*time.Millisecond, TTD: second + 2*time.Millisecond,
		Repair: 20 * second, Converge: 5*second + 2*time.Millisecond,
		Reasons: []string{
			"clients had the service back 30s after the fault (± 1s): the RTO is 1m0s",
			"none of 400 acknowledged writes was lost",
		},
		Outages: []harness.Outage{
			{
				SLI: "quorum", Steady: true, Lost: second, Known: second + 2*time.Millisecond, Back: 30*second + 2*time.Millisecond,
				Down: 29*second + 2*time.Millisecond, Returned: true, Resolution: second + 2*time.Millisecond,
			},
			{
				SLI: "service", Steady: true, Lost: 3 * second, Known: 3*second + 2*time.Millisecond, Back: 20*second + 2*time.Millisecond,
				Down: 17*second + 2*time.Millisecond, Returned: true, Resolution: second + 2*time.Millisecond,
			},
			{SLI: "old address", Lost: second, Known: second + 2*time.Millisecond, Down: 39 * second, Resolution: second},
		},
		Repairs: []harness.RepairStep{
			{Runbook: "restart", Name: "stop", Took: 5 * second},
			{Runbook: "restart", Name: "start", Took: 15 * second},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// Goal: the first reason is one that the verdict follows from, whatever else nobody knows. Method: a drill that is late, and
// whose ledger nobody has read back, as in the control arm without a runbook.
func TestFirstReasonDecides(t *testing.T) {
	record := metRecord()
	record.Objective.RTO, record.Ledgers[0].Reconciled = 28*second, false
	got := Judge(record)
	if got.Verdict != harness.Missed || len(got.Reasons) != 2 || !strings.Contains(got.Reasons[0], "the RTO is 28s") ||
		!strings.Contains(got.Reasons[1], "never read back") {
		t.Errorf("%s: %q", got.Verdict, got.Reasons)
	}
}

// verdictCases change one thing of a met record each.
var verdictCases = []struct {
	name   string
	change func(*harness.Record)
	want   harness.Verdict
	reason string
}{
	{
		"a doubt",
		func(r *harness.Record) { r.Doubts = []string{"the host was starved"} },
		harness.Inconclusive,
		"the host was starved",
	},
	{"no fault", func(r *harness.Record) { r.Fault = nil }, harness.Inconclusive, "no fault was injected"},
	{
		"not confirmed",
		func(r *harness.Record) { r.Fault.Confirmed = "" },
		harness.Inconclusive,
		"nothing proved that the fault bites",
	},
	{"no probe", func(r *harness.Record) { r.SLIs = r.SLIs[2:] }, harness.Inconclusive, "has no probe"},
	{"no baseline", func(r *harness.Record) { r.SteadyAt = 0 }, harness.Inconclusive, "was never proved"},
	{
		"unsteady before the fault", func(r *harness.Record) {
			r.SLIs[0].Intervals = []harness.Interval{up(0, 40), down(41, 41), up(42, 60), down(61, 89), up(90, 100)}
		},
		harness.Inconclusive, "did not hold until the fault",
	},
	{
		"nothing broke", func(r *harness.Record) {
			r.SLIs[0].Intervals, r.SLIs[1].Intervals = []harness.Interval{up(0, 100)}, []harness.Interval{up(0, 100)}
		},
		harness.Inconclusive, "the fault broke nothing",
	},
	{
		"it broke too late to be the fault's", func(r *harness.Record) {
			r.Objective.DetectWithin = 500 * time.Millisecond
		}, harness.Inconclusive, "within 500ms",
	},
	{
		"what broke it was known too late", func(r *harness.Record) {
			r.Objective.DetectWithin = 2 * second
			r.SLIs[0].Intervals[1].Seen, r.SLIs[1].Intervals[1].Seen = 62*second+700*time.Millisecond, 63*second+2*time.Millisecond
		}, harness.Inconclusive, `within 2s of it; the first failure, of "quorum", was known 2.7s after it`,
	},
	{"too few samples", func(r *harness.Record) {
		r.SLIs[1].Intervals = []harness.Interval{up(0, 59), intervalWith(down(60, 60), 1), intervalWith(up(90, 100), 1)}
	}, harness.Inconclusive, `"service" was asked 2 times`},
	{"nobody awaited", func(r *harness.Record) { r.WatchedUntil = 0 }, harness.Inconclusive, "nobody awaited"},
	{"watched too short", func(r *harness.Record) { r.WatchedUntil = 92 * second }, harness.Inconclusive, "watched for 32s only"},
	{"back in time, and watched for less than the dwell since", func(r *harness.Record) {
		shift(r, 27*second)
		r.WatchedUntil, r.Fault.RevertedAt = 121*second, 0
	}, harness.Inconclusive, "4s before the watch ended, shorter than the dwell of 5s"},
	{"back too late, and watched for less than the dwell since", func(r *harness.Record) {
		shift(r, 35*second)
		r.WatchedUntil, r.Fault.RevertedAt = 128*second, 0
	}, harness.Missed, "shorter than the dwell of 5s"},
	{"no ledger", func(r *harness.Record) { r.Ledgers = nil }, harness.Inconclusive, "nothing was written"},
	{"few writes", func(r *harness.Record) { r.Ledgers[0].AcknowledgedBefore = 9 }, harness.Inconclusive, "9 writes acknowledged"},
	{"never read back", func(r *harness.Record) { r.Ledgers[0].Reconciled = false }, harness.Inconclusive, "never read back"},
	{
		"lifted before the RTO",
		func(r *harness.Record) { r.Fault.RevertedAt = 85 * second },
		harness.Inconclusive,
		"lifted 25s after t0",
	},
	{
		"lifted after the RTO", func(r *harness.Record) { shift(r, 60*second); r.Fault.RevertedAt = 145 * second },
		harness.Missed, "only when the fault was lifted",
	},
	{
		"not recovered", func(r *harness.Record) {
			r.SLIs[1].Intervals = []harness.Interval{up(0, 62), down(63, 200)}
			r.WatchedUntil = 185 * second
		},
		harness.Missed, `"service" still fails: connection refused`,
	},
	{"too late", func(r *harness.Record) { r.Objective.RTO = 28 * second }, harness.Missed, "the RTO is 28s"},
	{
		"a second too late to tell", func(r *harness.Record) { r.Objective.RTO = 30 * second }, harness.Inconclusive,
		"the RTO of 30s lies within the resolution of 1s",
	},
	{"in time by less than t0 is uncertain", func(r *harness.Record) {
		r.Objective.RTO, r.Fault.Uncertainty = 30*second+50*time.Millisecond, 100*time.Millisecond
	}, harness.Inconclusive, "lies within the resolution"},
	{
		"in time by less than a period", func(r *harness.Record) { r.Objective.RTO = 30*second + 50*time.Millisecond }, harness.Met,
		"the RTO is 30.05s",
	},
	{
		"an SLI that was not asked for the dwell", func(r *harness.Record) { r.SLIs[0].LongestGap = 5 * second }, harness.Inconclusive,
		`"quorum" was not asked for 5s`,
	},
	{
		"an SLI that was not asked for less",
		func(r *harness.Record) { r.SLIs[0].LongestGap = 4 * second },
		harness.Met,
		"the RTO is 1m0s",
	},
	{"too late, unless it came back unseen", func(r *harness.Record) {
		r.Objective.RTO = 28 * second
		r.SLIs[0].Intervals[2].After, r.SLIs[0].Intervals[2].By = 87*second, 90*second
	}, harness.Inconclusive, "the RTO of 28s lies within the resolution of 3s"},
	{
		"an unaffected SLI that failed",
		func(r *harness.Record) { unaffected(r, up(0, 70), down(71, 71), up(72, 100)) }, harness.Missed,
		`"old address" was named as unaffected and failed 11s after the fault`,
	},
	{"an unaffected SLI that stayed green", func(r *harness.Record) { unaffected(r, up(0, 100)) }, harness.Met, "the RTO is 1m0s"},
	{
		"an unaffected SLI that failed before",
		func(r *harness.Record) { unaffected(r, up(0, 30), down(31, 31), up(32, 100)) }, harness.Met,
		"the RTO is 1m0s",
	},
	{
		"an unaffected SLI that failed after the watch",
		func(r *harness.Record) { unaffected(r, up(0, 97), down(98, 100)) }, harness.Met,
		"the RTO is 1m0s",
	},
	{
		"an unaffected SLI that nobody asked", func(r *harness.Record) { unaffected(r, up(0, 50)) }, harness.Inconclusive,
		"asked 0 times after the fault",
	},
	{
		"an unaffected SLI that had failed before and goes on",
		func(r *harness.Record) { unaffected(r, down(0, 100)) }, harness.Inconclusive,
		`"old address" was named as unaffected and had failed before the fault`,
	},
	{"an unaffected SLI that failed on a starved machine", func(r *harness.Record) {
		unaffected(r, up(0, 70), down(71, 71), up(72, 100))
		r.Interruptions = []harness.RecordInterruption{{From: 71 * second, Length: second / 2, Reason: "starved"}}
	}, harness.Inconclusive, "while the machine was starved"},
	{"a second fault that nothing proved", func(r *harness.Record) {
		r.FurtherFaults = []harness.RecordFault{{Description: "power loss", At: 70 * second}}
	}, harness.Inconclusive, "the second fault bites: power loss"},
	{
		"a register that is not linearizable", func(r *harness.Record) { register(r, harness.NotLinearizable, 100) }, harness.Missed,
		`"kv" is not linearizable: a stale read`,
	},
	{
		"a register that nobody could check", func(r *harness.Record) { register(r, harness.Unchecked, 100) }, harness.Inconclusive,
		`"kv" is linearizable is unknown`,
	},
	{
		"a register with a short history", func(r *harness.Record) { register(r, harness.Linearizable, 19) }, harness.Inconclusive,
		"a history of 19 operations",
	},
	{
		"a register that is linearizable",
		func(r *harness.Record) { register(r, harness.Linearizable, 20) },
		harness.Met,
		"the RTO is 1m0s",
	},
	{"too late and never read back", func(r *harness.Record) {
		r.Objective.RTO, r.Ledgers[0].Reconciled = 28*second, false
	}, harness.Missed, "never read back"},
	{"too late by declaration", func(r *harness.Record) { r.Steps[0].Declared = 32 * second }, harness.Missed, "declared"},
	{
		"a lost write", func(r *harness.Record) { lose(r, 1, 58*second) }, harness.Missed,
		"the oldest acknowledged 2s before the fault: the RPO is 0s",
	},
	{
		"a lost write after the fault",
		func(r *harness.Record) { lose(r, 1, 61*second) },
		harness.Missed,
		"acknowledged after the fault",
	},
	{
		"an older lost write than allowed", func(r *harness.Record) { r.Objective.RPO = second; lose(r, 1, 58*second) }, harness.Missed,
		"the RPO is 1s",
	},
	{
		"a lost write within the RPO",
		func(r *harness.Record) { r.Objective.RPO = 3 * second; lose(r, 1, 58*second) },
		harness.Met,
		"the RPO is 3s",
	},
	{"no data", func(r *harness.Record) { r.Objective.NoData = true; r.Ledgers = nil }, harness.Met, "the RTO is 1m0s"},
	{
		"a relapse after the watch",
		func(r *harness.Record) { r.SLIs[0].Intervals = append(r.SLIs[0].Intervals, down(101, 102)) }, harness.Met,
		"failed again 41s after t0",
	},
	{"a question in flight at t0", func(r *harness.Record) {
		r.SLIs[0].Intervals[0].To, r.SLIs[0].Intervals[1].From, r.SLIs[0].Intervals[1].Seen = 58*second, 59*second, 61*second
	}, harness.Met, "the RTO is 1m0s"},
}

// Goal: each cause of each verdict leads to it, with a sentence that says why. Method: change one
// thing of a met record; the reason has to appear, and it must not without the change.
func TestJudgeVerdicts(t *testing.T) {
	for _, test := range verdictCases {
		t.Run(test.name, func(t *testing.T) {
			record := metRecord()
			if reasons := strings.Join(Judge(record).Reasons, "\n"); test.want != harness.Met && strings.Contains(reasons, test.reason) {
				t.Fatalf("the unchanged record has the reason too: %s", reasons)
			}
			test.change(&record)
			got := Judge(record)
			if got.Verdict != test.want {
				t.Errorf("the verdict is %s, not %s: %q", got.Verdict, test.want, got.Reasons)
			}
			if !slices.ContainsFunc(got.Reasons, func(reason string) bool { return strings.Contains(reason, test.reason) }) {
				t.Errorf("no reason says %q: %q", test.reason, got.Reasons)
			}
			if got.AsClaimed != (test.want == harness.Met) {
				t.Errorf("as claimed: %v", got.AsClaimed)
			}
		})
	}
}

// unaffected names the third SLI as unaffected and gives it intervals.
func unaffected(r *harness.Record, intervals ...harness.Interval) {
	r.SLIs[2].Unaffected, r.SLIs[2].Intervals = true, intervals
}

// register adds a register with its check's outcome.
func register(r *harness.Record, found harness.Linearizability, operations int) {
	r.Registers = []harness.RecordRegister{{
		Name: "kv", Clients: 3, Operations: operations, Linearizable: found,
		Explanation: "a stale read",
	}}
}

// Goal: an outage says how far its length may be off, and when that is more than its period's worth.
// Method: the enclosing moments of both edges, sharp and with a gap before each.
func TestJudgeSharpness(t *testing.T) {
	edge := func(interval harness.Interval, after, by time.Duration) harness.Interval {
		interval.After, interval.By = after, by
		return interval
	}
	for _, test := range []struct {
		name         string
		lost, back   harness.Interval
		resolution   time.Duration
		inconclusive string
	}{
		{
			"sharp", edge(down(61, 89), 60*second, 61*second+2*time.Millisecond),
			edge(up(90, 100), 89*second, 90*second+2*time.Millisecond),
			second + 4*time.Millisecond, "",
		},
		{
			"a gap before the loss", edge(down(63, 89), 60*second+second/2, 63*second),
			edge(up(90, 100), 89*second, 90*second+2*time.Millisecond),
			2*second + second/2, "when it was lost",
		},
		{
			"a gap before the return", edge(down(61, 86), 60*second, 61*second),
			edge(up(90, 100), 86*second, 90*second+2*time.Millisecond),
			4*second + 2*time.Millisecond, "when it came back",
		},
		{
			"a gap that began before the fault", edge(down(61, 89), 40*second, 61*second),
			edge(up(90, 100), 89*second, 90*second+2*time.Millisecond),
			second + 2*time.Millisecond, "",
		},
	} {
		record := metRecord()
		record.SLIs[0].Intervals = []harness.Interval{up(0, 60), test.lost, test.back}
		outage := Judge(record).Outages[0]
		if outage.Resolution != test.resolution || (outage.Inconclusive == "") != (test.inconclusive == "") ||
			!strings.Contains(outage.Inconclusive, test.inconclusive) {
			t.Errorf("%s: ± %v, inconclusive %q", test.name, outage.Resolution, outage.Inconclusive)
		}
	}
}

func intervalWith(interval harness.Interval, samples int) harness.Interval {
	interval.Samples = samples
	return interval
}

// shift moves the recovery of all SLIs later.
func shift(r *harness.Record, by time.Duration) {
	for i := range r.SLIs {
		intervals := r.SLIs[i].Intervals
		intervals[1].To += by
		if len(intervals) > 2 {
			intervals[2].From, intervals[2].To, intervals[2].Seen = intervals[2].From+by, intervals[2].To+by, intervals[2].Seen+by
		}
	}
	r.WatchedUntil += by
}

func lose(r *harness.Record, count int, oldest time.Duration) {
	r.Ledgers[0].Lost, r.Ledgers[0].Kept, r.Ledgers[0].OldestLost = count, r.Ledgers[0].Acknowledged-count, oldest
}

// Goal: who brought the service back is told apart. Method: the same recovery with the runbook's
// steps before, after, only declared, and with the fault lifted before it.
func TestJudgeRecoveredBy(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*harness.Record)
		want   harness.RecoveredBy
	}{
		{"steps before", func(*harness.Record) {}, harness.ByRunbook},
		{"no steps", func(r *harness.Record) { r.Steps = nil }, harness.BySelf},
		{
			"a step after", func(r *harness.Record) { r.Steps = []harness.RecordStep{{From: 91 * second, To: 92 * second}} },
			harness.BySelf,
		},
		{"declared only", func(r *harness.Record) {
			r.Steps = []harness.RecordStep{{From: 65 * second, To: 65 * second, DeclaredOnly: true}}
		}, harness.BySelf},
		{
			"a step that failed", func(r *harness.Record) {
				r.Steps = []harness.RecordStep{{From: 65 * second, To: 66 * second, Error: "late"}}
			},
			harness.ByRunbook,
		},
		{"lifted", func(r *harness.Record) { r.Fault.RevertedAt = 80 * second }, harness.ByRevert},
		{"lifted after", func(r *harness.Record) { r.Fault.RevertedAt = 93 * second }, harness.ByRunbook},
		{"not back", func(r *harness.Record) { r.WatchedUntil = 80 * second }, harness.ByNobody},
	} {
		record := metRecord()
		test.change(&record)
		got := Judge(record)
		if got.RecoveredBy != test.want || got.Recovered != (test.want == harness.ByRunbook || test.want == harness.BySelf) {
			t.Errorf("%s: recovered by %s (recovered: %v), not %s", test.name, got.RecoveredBy, got.Recovered, test.want)
		}
	}
}

// Goal: a recovery begins when the last of the SLIs is back and all stay up together for the dwell.
// Method: the shapes that two SLIs can have around the end of the watch.
func TestJudgeDwell(t *testing.T) {
	for _, test := range []struct {
		name   string
		quorum []harness.Interval
		until  time.Duration
		want   time.Duration // since t0; 0: not recovered
	}{
		{"back and held", []harness.Interval{up(0, 60), down(61, 89), up(90, 100)}, 95*second + 2*time.Millisecond, 30*second +
			2*time.Millisecond},
		{"held a little short", []harness.Interval{up(0, 60), down(61, 89), up(90, 94)}, 96 * second, 0},
		{
			"flapped within the dwell",
			[]harness.Interval{up(0, 60), down(61, 69), up(70, 88), down(89, 90), up(91, 100)},
			97 * second, 31*second + 2*time.Millisecond,
		},
		{"fails at the end", []harness.Interval{up(0, 60), down(61, 89), up(90, 97), down(98, 100)}, 99 * second, 0},
		{"fails after the end", []harness.Interval{up(0, 60), down(61, 89), up(90, 97), down(98, 100)}, 96 * second, 30*second +
			2*time.Millisecond},
		{"never answered after", []harness.Interval{up(0, 60), down(61, 62)}, 99 * second, 0},
		{"answered late", []harness.Interval{up(0, 60), down(61, 88), {Up: true, From: 89 * second, To: 100 * second, Seen: 90*second +
			500*time.Millisecond, Samples: 12}}, 99 * second, 30*second + 500*time.Millisecond},
	} {
		record := metRecord()
		record.SLIs[0].Intervals, record.WatchedUntil = test.quorum, test.until
		got := Judge(record)
		if got.Recovered != (test.want > 0) || test.want > 0 && got.RTA != test.want {
			t.Errorf("%s: recovered %v after %v, want %v: %q", test.name, got.Recovered, got.RTA, test.want, got.Reasons)
		}
	}
}

// Goal: the judge reads its record only and changes nothing of it. Method: compare the record's JSON
// before and after, and two judgements of it.
func TestJudgeIsPure(t *testing.T) {
	record := metRecord()
	record.Doubts = make([]string, 1, 8) // room behind the slice would show an append into it
	record.Doubts[0] = "starved"
	before, err := json.Marshal(record)
	testkit.Must(t, err)
	first := Judge(record)
	second := Judge(record)
	after, err := json.Marshal(record)
	testkit.Must(t, err)
	if string(before) != string(after) || !reflect.DeepEqual(first, second) {
		t.Error("judging changed the record or the judgement")
	}
	if spare := record.Doubts[:8]; spare[1] != "" {
		t.Errorf("the judge wrote behind the record's doubts: %q", spare)
	}
}

// Goal: an SLI that was already down before the fault counts as lost at t0, not before it. Method: a
// watched SLI that is down throughout.
func TestJudgeDownBefore(t *testing.T) {
	record := metRecord()
	record.SLIs[2].Intervals = []harness.Interval{down(0, 100)}
	outage := Judge(record).Outages[2]
	if outage.Lost != 0 || outage.Returned || outage.Down != 40*second {
		t.Errorf("outage: %+v", outage)
	}
}

// Goal: a failure is detected when it is known, not when the question was asked that met it; when the outage began stays
// what it is. Method: the drill whose first failed question waited for its time limit of 1.8 s, and a later one that was
// refused at once.
func TestJudgeDetectsWhatIsKnown(t *testing.T) {
	hangs := func(interval harness.Interval, from, seen time.Duration) harness.Interval {
		interval.From, interval.Seen = 60*second+from, 60*second+seen
		return interval
	}
	for _, test := range []struct {
		name       string
		change     func(*harness.Record)
		ttd, began time.Duration
	}{
		{"a question that hung", func(r *harness.Record) {
			r.SLIs[0].Intervals[1] = hangs(r.SLIs[0].Intervals[1], 41500*time.Microsecond, 1841500*time.Microsecond)
		}, 1841500 * time.Microsecond, 41500 * time.Microsecond},
		{"a later one of another SLI that was refused", func(r *harness.Record) {
			r.SLIs[0].Intervals[1] = hangs(r.SLIs[0].Intervals[1], 41500*time.Microsecond, 1841500*time.Microsecond)
			r.SLIs[1].Intervals[1] = hangs(r.SLIs[1].Intervals[1], 600*time.Millisecond, 602*time.Millisecond)
		}, 602 * time.Millisecond, 41500 * time.Microsecond},
		{"a later interval that was known first", func(r *harness.Record) {
			first := hangs(down(60, 60), 41500*time.Microsecond, 2041500*time.Microsecond)
			r.SLIs[0].Intervals = []harness.Interval{
				up(0, 60), first, hangs(up(60, 60), 500*time.Millisecond, 501*time.Millisecond),
				hangs(down(61, 89), second, 1001*time.Millisecond), up(90, 100),
			}
		}, 1001 * time.Millisecond, 41500 * time.Microsecond},
		{"an old record that does not say", func(r *harness.Record) {
			for i := range r.SLIs {
				r.SLIs[i].Intervals[1].Seen = 0
			}
		}, second, second},
	} {
		record := metRecord()
		test.change(&record)
		got := Judge(record)
		if got.TTD != test.ttd || got.Outages[0].Lost != test.began || got.Verdict != harness.Met {
			t.Errorf("%s: TTD %v, lost at %v, %s: %q", test.name, got.TTD, got.Outages[0].Lost, got.Verdict, got.Reasons)
		}
	}
}
