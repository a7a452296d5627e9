package judge

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// stoppedRecord is a drill that ended when its runbook failed: the service never came back, and nobody waited.
func stoppedRecord() harness.Record {
	record := metRecord()
	record.WatchedUntil, record.Fault.RevertedAt = 0, 0
	record.SLIs[0].Intervals, record.SLIs[1].Intervals = []harness.Interval{
		up(0, 60),
		down(61, 100),
	}, []harness.Interval{up(0, 62), down(63, 100)}
	record.Steps[1].Error = `play site.yml: task "install k3s" failed on blog-1: no such file`
	record.Ledgers[0].Reconciled = false
	return record
}

// Goal: a drill whose runbook failed is missed, and says where; nothing else that ends a drill early is. Method:
// one that stopped at a failed step, and the same with one thing changed.
func TestJudgeStoppedRunbook(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*harness.Record)
		want   harness.Verdict
		reason string
	}{
		"the runbook failed": {func(*harness.Record) {}, harness.Missed, `task "install k3s" failed on blog-1`},
		"the runbook worked": {
			func(r *harness.Record) { r.Steps[1].Error = "" },
			harness.Inconclusive, "nobody awaited the recovery",
		},
		"there was none": {func(r *harness.Record) { r.Steps = nil }, harness.Inconclusive, "nobody awaited the recovery"},
		"it was back all the same": {
			func(r *harness.Record) { r.SLIs = metRecord().SLIs },
			harness.Inconclusive, "nobody awaited the recovery",
		},
		"it was broken off": {func(r *harness.Record) { r.Doubts = []string{"broken off"} }, harness.Inconclusive, "broken off"},
		"the failed step was followed": {
			func(r *harness.Record) { r.Steps[0].Error, r.Steps[1].Error = "x", "" }, harness.Inconclusive,
			"nobody awaited the recovery",
		},
	} {
		t.Run(name, func(t *testing.T) {
			record := stoppedRecord()
			test.change(&record)
			got := Judge(record)
			if got.Verdict != test.want || !strings.Contains(strings.Join(got.Reasons, "; "), test.reason) {
				t.Errorf("judged %s: %q, want %s because of %q", got.Verdict, got.Reasons, test.want, test.reason)
			}
		})
	}
}
