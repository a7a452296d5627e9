package harness

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// unnoticedRecord is work from 60 s to 70 s that nobody noticed, watched until 100 s.
func unnoticedRecord() Record {
	record := metRecord()
	record.Objective = RecordObjective{Unnoticed: true, NoData: true, Dwell: 5 * second, DetectWithin: 30 * second}
	record.Fault.Description, record.Fault.Returned, record.Fault.RevertedAt = "maintenance", 70*second, 0
	record.WatchedUntil, record.Steps, record.Ledgers = 0, nil, nil
	record.SLIs[0].Spells, record.SLIs[1].Spells = []Spell{up(0, 100)}, []Spell{up(0, 100)}
	return record
}

// Goal: work that nobody may notice is met when everybody has looked on to the end and nobody has noticed, missed when
// somebody has, whenever it came back, and inconclusive when nobody can tell. Method: a table of changes to one record.
func TestJudgeUnnoticed(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Record)
		want   Verdict
		reason string
	}{
		{"unnoticed", func(*Record) {}, Met, "nobody noticed it: none of 202 answers to 2 probes failed within 30s of its beginning"},
		{
			"one answer", func(r *Record) { r.SLIs[0].Spells = []Spell{up(0, 71), down(72, 72), up(73, 100)} }, Missed,
			`nobody was to notice it: "quorum" failed 12s after its beginning, for 1s`,
		},
		{
			"for good", func(r *Record) { r.SLIs[0].Spells = []Spell{up(0, 71), down(72, 100)} }, Missed,
			`"quorum" failed 12s after its beginning, for 28s`,
		},
		{"what failed later", func(r *Record) { r.SLIs[0].Spells = []Spell{up(0, 91), down(92, 100)} }, Met, "nobody noticed it"},
		{"what was only watched", func(r *Record) { r.SLIs[2].Spells = []Spell{up(0, 60), down(61, 100)} }, Met, "nobody noticed it"},
		{
			"one who did not look on", func(r *Record) { r.SLIs[1].Spells = []Spell{up(0, 85)} }, Inconclusive,
			`"service" was asked until 25s after the fault only`,
		},
		{
			"few answers", func(r *Record) { r.SLIs[1].Spells = []Spell{spellWith(up(0, 100), 2)} }, Inconclusive,
			`"service" was asked 2 times after the fault`,
		},
		{
			"one who was not asked for the dwell", func(r *Record) { r.SLIs[1].LongestGap = 5 * second }, Inconclusive,
			`"service" was not asked for 5s`,
		},
		{"work that nobody has seen end", func(r *Record) { r.Fault.Returned = 86 * second }, Inconclusive, "the work took 26s"},
		{"work of which nothing proved that it was done", func(r *Record) { r.Fault.Confirmed = "" }, Inconclusive, "nothing proved"},
		{"no work", func(r *Record) { r.Fault = nil }, Inconclusive, "no fault was injected"},
		{"a starved machine", func(r *Record) {
			r.Interruptions = []RecordInterruption{{From: 71 * second, Length: 6 * second, Reason: "starved"}}
		}, Inconclusive, "the measurement was interrupted for 6s"},
		{"lost data", func(r *Record) {
			r.Objective.NoData, r.Ledgers = false, metRecord().Ledgers
			lose(r, 1, 58*second)
		}, Missed, "acknowledged writes were lost"},
	} {
		record := unnoticedRecord()
		test.change(&record)
		got := Judge(record)
		if reasons := strings.Join(got.Reasons, "; "); got.Verdict != test.want || !strings.Contains(reasons, test.reason) ||
			got.Recovered && test.want == Met {
			t.Errorf("%s: %s (%s), want %s: %s", test.name, got.Verdict, reasons, test.want, test.reason)
		}
	}
}

// Goal: an objective says either when the service has to be back or that nobody may notice, not both and not neither.
// Method: the three kinds.
func TestObjectiveHasOneTargetOfTime(t *testing.T) {
	for objective, wrong := range map[Objective]string{
		{Unnoticed: true}: "", {RTO: time.Second}: "", {}: "must be longer than zero",
		{RTO: time.Second, Unnoticed: true}: "leave it out",
	} {
		err := objective.Validate()
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v, want %q", objective, err, wrong)
		}
	}
}

// Goal: a whole drill of work that nobody notices is met. Method: work that does nothing, on a fake clock.
func TestDrillUnnoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		drill, err := NewDrill(cluster, Plan{Scenario: "work", Objective: Objective{
			Unnoticed: true, NoData: true,
			DetectWithin: 10 * time.Second,
		}})
		testkit.Must(t, err)
		steady := All(fakeProbe{name: "quorum", period: time.Second, cluster: cluster})
		testkit.Must(t, drill.Baseline(t.Context(), steady))
		testkit.Must(t, drill.Inject(t.Context(), &fakeFault{cluster: cluster}))
		if err := drill.Detect(t.Context(), steady); err == nil {
			t.Error("somebody has noticed it")
		}
		testkit.Must(t, drill.Judge())
		testkit.Must(t, drill.Close(t.Context()))
		if judgement := drill.Record().Judgement; judgement.Verdict != Met || judgement.Recovered || judgement.RecoveredBy != ByNobody {
			t.Errorf("judgement: %+v", judgement)
		}
	})
}
