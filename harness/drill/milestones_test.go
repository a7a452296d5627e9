package drill

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a drill keeps its milestones and what it watches unseen, asks each claim once, and refuses milestones
// that make no sense. Method: a drill that is met, with a milestone that claims its steady state and more.
func TestDrillMilestones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		unseen := fakeProbe{name: "log", period: 100 * time.Millisecond, cluster: drill.cluster}
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.WatchSilent(ctx, unseen))
		claims := append(harness.SteadyState{unseen}, drill.steady...)
		testkit.Must(t, drill.Milestones(ctx, harness.Milestone{Name: "operational", Within: time.Minute, Claims: claims}))
		for want, wrong := range map[string]harness.Milestone{
			"no name":  {Within: time.Minute, Claims: claims},
			"positive": {Name: "a", Claims: claims},
			"nothing":  {Name: "b", Within: time.Minute},
			"is nil":   {Name: "c", Within: time.Minute, Claims: harness.SteadyState{nil}},
			"already":  {Name: "operational", Within: time.Minute, Claims: claims},
		} {
			testkit.Expect(t, drill.Milestones(ctx, wrong), want)
		}
		testkit.Must(t, drill.StartWriting(ctx, drill.ledgers))
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.Detect(ctx, drill.steady), drill.finishBy(t, 10*time.Second))
		if err := drill.Milestones(ctx, harness.Milestone{Name: "late", Within: time.Minute, Claims: claims}); !errors.Is(
			err,
			harness.ErrOrder,
		) {
			t.Errorf("a milestone after the fault: %v", err)
		}
		record := drill.Record()
		judged := record.Judgement
		if len(record.Milestones) != 1 || len(judged.Milestones) != 1 || !judged.Milestones[0].Reached || len(judged.Symptoms) == 0 {
			t.Errorf("kept %+v, judged %+v and %+v", record.Milestones, judged.Milestones, judged.Symptoms)
		}
	})
}
