package judge

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: a milestone is reached when its claims began to hold for good, with the time declared until then, and a
// late or missing one is a miss of the drill. Method: the met record with one milestone each.
func TestJudgeMilestones(t *testing.T) {
	for name, test := range map[string]struct {
		milestone harness.RecordMilestone
		declared  time.Duration // by the first step
		want      harness.MilestoneTime
		verdict   harness.Verdict
		reason    string
	}{
		"one of two SLIs": {
			harness.RecordMilestone{Name: "half", Within: 25 * second, SLIs: []string{"service"}},
			0,
			harness.MilestoneTime{Name: "half", Within: 25 * second, Reached: true, After: 20*second + 2*time.Millisecond},
			harness.Met, `"half" was reached 20s after the fault`,
		},
		"declared before": {
			harness.RecordMilestone{Name: "half", Within: 25 * second, SLIs: []string{"service"}},
			10 * second,
			harness.MilestoneTime{
				Name: "half", Within: 25 * second, Reached: true, After: 30*second + 2*time.Millisecond, Declared: 10 * second,
			},
			harness.Missed, "10s of it declared",
		},
		"late": {
			harness.RecordMilestone{Name: "all", Within: 25 * second, SLIs: []string{"quorum", "service"}},
			0,
			harness.MilestoneTime{Name: "all", Within: 25 * second, Reached: true, After: 30*second + 2*time.Millisecond},
			harness.Missed, `"all" was reached 30s after the fault: its target is 25s`,
		},
		"never": {
			harness.RecordMilestone{Name: "old", Within: 25 * second, SLIs: []string{"old address"}},
			0,
			harness.MilestoneTime{Name: "old", Within: 25 * second, After: 36 * second},
			harness.Missed, `"old" was not reached within 36s`,
		},
		"nobody asked": {
			harness.RecordMilestone{Name: "lost", Within: 25 * second, SLIs: []string{"unheard of"}},
			0,
			harness.MilestoneTime{Name: "lost", Within: 25 * second, After: 36 * second},
			harness.Missed, `"lost" was not reached`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			record := metRecord()
			record.Milestones, record.Steps[0].Declared = []harness.RecordMilestone{test.milestone}, test.declared
			got := Judge(record)
			if !reflect.DeepEqual(got.Milestones, []harness.MilestoneTime{test.want}) {
				t.Errorf("got %+v, want %+v", got.Milestones, test.want)
			}
			if got.Verdict != test.verdict || !strings.Contains(strings.Join(got.Reasons, "; "), test.reason) {
				t.Errorf("judged %s: %q, want %s because of %q", got.Verdict, got.Reasons, test.verdict, test.reason)
			}
		})
	}
}

// Goal: a milestone that a declared step puts on the wrong side of its target, because it began a second before, says so;
// one that nobody can order is in doubt; the target that is met by as little says it too. Method: the met record's
// service, back 20.002 s after t0 and not a second earlier, with a declared step around that.
func TestMilestoneHangsOnADeclaredStep(t *testing.T) {
	for name, test := range map[string]struct {
		from, within time.Duration // of the declared step, after t0; of the target
		verdict      harness.Verdict
		says         string
	}{
		"2.2 s before": {
			17800 * time.Millisecond, 25 * second, harness.Missed,
			`it hangs on the step "restore", which declares 10s and began 2.2s before it: on its other side the milestone would have ` +
				`been reached after 20s`,
		},
		"within a period": {
			19500 * time.Millisecond, 25 * second, harness.Inconclusive,
			`whether the milestone "half" was reached in time is unknown`,
		},
		"2 s after": {
			22 * second, 25 * second, harness.Met,
			`which declares 10s and began 2s after it: on its other side the milestone would have been reached after 30s`,
		},
		"long before":                {5 * second, 25 * second, harness.Missed, ""},
		"long after":                 {28 * second, 25 * second, harness.Met, ""},
		"late in any case":           {17800 * time.Millisecond, 15 * second, harness.Missed, ""},
		"in time on either side":     {17800 * time.Millisecond, 35 * second, harness.Met, ""},
		"in time although it counts": {22 * second, 35 * second, harness.Met, ""},
	} {
		record := metRecord()
		record.Steps = append(record.Steps, harness.RecordStep{
			Runbook: "restart", Name: "restore", From: 60*second + test.from,
			To: 60*second + test.from, Declared: 10 * second,
		})
		record.Milestones = []harness.RecordMilestone{{Name: "half", Within: test.within, SLIs: []string{"service"}}}
		got := Judge(record)
		said := strings.Join(got.Reasons, "\n")
		if got.Verdict != test.verdict || !strings.Contains(said, test.says) || (test.says == "") != (got.Milestones[0].HangsOn == "") {
			t.Errorf("%s: %s, %q, hangs on %q", name, got.Verdict, got.Reasons, got.Milestones[0].HangsOn)
		}
	}
}

// Goal: a reload takes nothing back of what was reached, a second outage does, and flapping is no return. Method:
// the met record's service, lost again afterwards for less than the dwell, for longer, and up too briefly.
func TestMilestoneRelapses(t *testing.T) {
	for name, test := range map[string]struct {
		intervals []harness.Interval
		want      time.Duration // after t0
	}{
		"a reload":          {[]harness.Interval{up(0, 62), down(63, 70), up(71, 79), down(80, 81), up(82, 100)}, 11 * second},
		"a second outage":   {[]harness.Interval{up(0, 62), down(63, 70), up(71, 77), down(78, 84), up(85, 100)}, 25 * second},
		"flapping":          {[]harness.Interval{up(0, 62), down(63, 70), up(71, 73), down(74, 75), up(76, 100)}, 16 * second},
		"one short failure": {[]harness.Interval{up(0, 62), down(63, 64), up(65, 100)}, 5 * second},
	} {
		record := metRecord()
		record.SLIs[1].Intervals = test.intervals
		record.Milestones = []harness.RecordMilestone{{Name: "half", Within: 30 * second, SLIs: []string{"service"}}}
		got := Judge(record).Milestones
		if len(got) != 1 || !got[0].Reached || got[0].After.Round(second) != test.want {
			t.Errorf("%s: %+v, want %v", name, got, test.want)
		}
	}
}

// Goal: what was looked at is sorted by what an alarm could have seen. Method: the met record, in which one SLI
// is green, one red and one unseen; without an unseen one there is no table.
func TestJudgeSymptoms(t *testing.T) {
	record := metRecord()
	if got := Judge(record).Symptoms; got != nil {
		t.Errorf("nobody has looked at what no client sees, and yet: %+v", got)
	}
	record.SLIs[1].Intervals = []harness.Interval{up(0, 66), down(67, 80), up(81, 100)} // when somebody had begun to repair
	record.SLIs[2].Unseen = true
	record.Ledgers = append(
		record.Ledgers,
		harness.RecordLedger{Name: "uploads", Acknowledged: 9, Lost: 3, Refused: 2, Reconciled: true},
		harness.RecordLedger{Name: "rows", Acknowledged: 9},
	)
	want := []harness.Symptom{
		{Subject: "quorum", Kind: harness.GoesRed, Says: "connection refused"},
		{Subject: "service", Kind: harness.StaysGreen},
		{Subject: "old address", Kind: harness.WrongSilent, Says: "connection refused"},
		{Subject: "entries", Kind: harness.StaysGreen},
		{Subject: "uploads", Kind: harness.WrongSilent, Says: "3 acknowledged writes are lost"},
	}
	if got := Judge(record).Symptoms; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
