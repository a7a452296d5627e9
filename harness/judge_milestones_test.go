package harness

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a milestone is reached when its claims began to hold for good, with the time declared until then, and a
// late or missing one is a miss of the drill. Method: the met record with one milestone each.
func TestJudgeMilestones(t *testing.T) {
	for name, test := range map[string]struct {
		milestone RecordMilestone
		declared  time.Duration // by the first step
		want      MilestoneTime
		verdict   Verdict
		reason    string
	}{
		"one of two SLIs": {
			RecordMilestone{Name: "half", Within: 25 * second, SLIs: []string{"service"}},
			0,
			MilestoneTime{Name: "half", Within: 25 * second, Reached: true, After: 20*second + 2*time.Millisecond},
			Met, `"half" was reached 20s after the fault`,
		},
		"declared before": {
			RecordMilestone{Name: "half", Within: 25 * second, SLIs: []string{"service"}},
			10 * second,
			MilestoneTime{Name: "half", Within: 25 * second, Reached: true, After: 30*second + 2*time.Millisecond, Declared: 10 * second},
			Missed, "10s of it declared",
		},
		"late": {
			RecordMilestone{Name: "all", Within: 25 * second, SLIs: []string{"quorum", "service"}},
			0,
			MilestoneTime{Name: "all", Within: 25 * second, Reached: true, After: 30*second + 2*time.Millisecond},
			Missed, `"all" was reached 30s after the fault: its target is 25s`,
		},
		"never": {
			RecordMilestone{Name: "old", Within: 25 * second, SLIs: []string{"old address"}},
			0,
			MilestoneTime{Name: "old", Within: 25 * second, After: 36 * second},
			Missed, `"old" was not reached within 36s`,
		},
		"nobody asked": {
			RecordMilestone{Name: "lost", Within: 25 * second, SLIs: []string{"unheard of"}},
			0,
			MilestoneTime{Name: "lost", Within: 25 * second, After: 36 * second},
			Missed, `"lost" was not reached`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			record := metRecord()
			record.Milestones, record.Steps[0].Declared = []RecordMilestone{test.milestone}, test.declared
			got := Judge(record)
			if !reflect.DeepEqual(got.Milestones, []MilestoneTime{test.want}) {
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
		verdict      Verdict
		says         string
	}{
		"2.2 s before": {
			17800 * time.Millisecond, 25 * second, Missed,
			`it hangs on the step "restore", which declares 10s and began 2.2s before it: on its other side the milestone would have ` +
				`been reached after 20s`,
		},
		"within a period": {
			19500 * time.Millisecond, 25 * second, Inconclusive,
			`whether the milestone "half" was reached in time is unknown`,
		},
		"2 s after": {
			22 * second, 25 * second, Met,
			`which declares 10s and began 2s after it: on its other side the milestone would have been reached after 30s`,
		},
		"long before":                {5 * second, 25 * second, Missed, ""},
		"long after":                 {28 * second, 25 * second, Met, ""},
		"late in any case":           {17800 * time.Millisecond, 15 * second, Missed, ""},
		"in time on either side":     {17800 * time.Millisecond, 35 * second, Met, ""},
		"in time although it counts": {22 * second, 35 * second, Met, ""},
	} {
		record := metRecord()
		record.Steps = append(record.Steps, RecordStep{
			Runbook: "restart", Name: "restore", From: 60*second + test.from,
			To: 60*second + test.from, Declared: 10 * second,
		})
		record.Milestones = []RecordMilestone{{Name: "half", Within: test.within, SLIs: []string{"service"}}}
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
		spells []Spell
		want   time.Duration // after t0
	}{
		"a reload":          {[]Spell{up(0, 62), down(63, 70), up(71, 79), down(80, 81), up(82, 100)}, 11 * second},
		"a second outage":   {[]Spell{up(0, 62), down(63, 70), up(71, 77), down(78, 84), up(85, 100)}, 25 * second},
		"flapping":          {[]Spell{up(0, 62), down(63, 70), up(71, 73), down(74, 75), up(76, 100)}, 16 * second},
		"one short failure": {[]Spell{up(0, 62), down(63, 64), up(65, 100)}, 5 * second},
	} {
		record := metRecord()
		record.SLIs[1].Spells = test.spells
		record.Milestones = []RecordMilestone{{Name: "half", Within: 30 * second, SLIs: []string{"service"}}}
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
	record.SLIs[1].Spells = []Spell{up(0, 66), down(67, 80), up(81, 100)} // when somebody had begun to repair
	record.SLIs[2].Unseen = true
	record.Ledgers = append(record.Ledgers, RecordLedger{Name: "uploads", Acknowledged: 9, Lost: 3, Refused: 2, Reconciled: true},
		RecordLedger{Name: "rows", Acknowledged: 9})
	want := []Symptom{
		{"quorum", GoesRed, "connection refused"},
		{"service", StaysGreen, ""},
		{"old address", WrongSilent, "connection refused"},
		{"entries", StaysGreen, ""},
		{"uploads", WrongSilent, "3 acknowledged writes are lost"},
	}
	if got := Judge(record).Symptoms; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Goal: a drill keeps its milestones and what it watches unseen, asks each claim once, and refuses milestones
// that make no sense. Method: a drill that is met, with a milestone that claims its steady state and more.
func TestDrillMilestones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		unseen := fakeProbe{name: "log", period: 100 * time.Millisecond, cluster: drill.cluster}
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.WatchSilent(ctx, unseen))
		claims := append(SteadyState{unseen}, drill.steady...)
		testkit.Must(t, drill.Milestones(ctx, Milestone{Name: "operational", Within: time.Minute, Claims: claims}))
		for want, wrong := range map[string]Milestone{
			"no name":  {Within: time.Minute, Claims: claims},
			"positive": {Name: "a", Claims: claims},
			"nothing":  {Name: "b", Within: time.Minute},
			"is nil":   {Name: "c", Within: time.Minute, Claims: SteadyState{nil}},
			"already":  {Name: "operational", Within: time.Minute, Claims: claims},
		} {
			if err := drill.Milestones(ctx, wrong); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want %q", wrong, err, want)
			}
		}
		testkit.Must(t, drill.StartWriting(ctx, drill.ledgers))
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.Detect(ctx, drill.steady), drill.finishBy(t, 10*time.Second))
		if err := drill.Milestones(ctx, Milestone{Name: "late", Within: time.Minute, Claims: claims}); !errors.Is(err, ErrOrder) {
			t.Errorf("a milestone after the fault: %v", err)
		}
		record := drill.Record()
		judged := record.Judgement
		if len(record.Milestones) != 1 || len(judged.Milestones) != 1 || !judged.Milestones[0].Reached || len(judged.Symptoms) == 0 {
			t.Errorf("kept %+v, judged %+v and %+v", record.Milestones, judged.Milestones, judged.Symptoms)
		}
	})
}
