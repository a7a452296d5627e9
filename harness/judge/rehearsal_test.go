package judge

import (
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the judge calls a drill missed that ended at a rehearsal, names every one that failed and no other,
// and has no figures; those that worked change nothing. Method: the record of such a drill, and a met record,
// with rehearsals of both kinds.
func TestJudgeRehearsals(t *testing.T) {
	works := harness.RecordRehearsal{Name: "reading the runbook", From: 11 * second, To: 12 * second}
	fails := harness.RecordRehearsal{Name: "restoring the backup", From: 12 * second, To: 20 * second, Error: "3 posts are missing"}
	ended := harness.Record{
		Objective: metRecord().Objective, Claim: harness.Claim{Verdict: harness.Missed}, SteadyAt: 10 * second, SLIs: metRecord().SLIs,
		Rehearsals: []harness.RecordRehearsal{works, fails},
	}
	got := Judge(ended)
	if got.Verdict != harness.Missed || !got.AsClaimed || got.RecoveredBy != harness.ByNobody || got.Recovered || got.RTA != 0 ||
		got.Outages == nil {
		t.Errorf("judgement %+v", got)
	}
	if want := []string{"before any fault: rehearsal of restoring the backup: 3 posts are missing"}; !slices.Equal(got.Reasons,
		want) {
		t.Errorf("reasons %q, want %q", got.Reasons, want)
	}
	ended.Doubts = []string{"the spec ended before the drill was judged: it was interrupted"}
	if doubted := Judge(ended); doubted.Verdict != harness.Inconclusive || doubted.AsClaimed || len(doubted.Reasons) != 2 {
		t.Errorf("with a doubt: %+v", doubted)
	}
	ended.Doubts, ended.Claim = nil, harness.Claim{}
	if Judge(ended).AsClaimed {
		t.Error("a drill without a claim is as claimed when it is missed")
	}
	met := metRecord()
	plain := Judge(met)
	met.Rehearsals = []harness.RecordRehearsal{works}
	if got := Judge(met); got.Verdict != harness.Met || !slices.Equal(got.Reasons, plain.Reasons) {
		t.Errorf("with a rehearsal that works: %+v", got)
	}
}
