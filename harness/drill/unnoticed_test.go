package drill

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a whole drill of work that nobody notices is met. Method: work that does nothing, on a fake clock.
func TestDrillUnnoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newFakeCluster()
		drill, err := New(cluster, harness.Plan{Scenario: "work", Objective: harness.Objective{
			Unnoticed: true, NoData: true,
			DetectWithin: 10 * time.Second,
		}})
		testkit.Must(t, err)
		steady := harness.All(fakeProbe{name: "quorum", period: time.Second, cluster: cluster})
		testkit.Must(t, drill.Baseline(t.Context(), steady))
		testkit.Must(t, drill.Inject(t.Context(), &fakeFault{cluster: cluster}))
		if err := drill.Detect(t.Context(), steady); err == nil {
			t.Error("somebody has noticed it")
		}
		testkit.Must(t, drill.Judge())
		testkit.Must(t, drill.Close(t.Context()))
		if judgement := drill.Record().Judgement; judgement.Verdict != harness.Met || judgement.Recovered ||
			judgement.RecoveredBy != harness.ByNobody {
			t.Errorf("judgement: %+v", judgement)
		}
	})
}
