package drill

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a rehearsal that works is recorded with its length, gets the operator's rights, and changes nothing
// of the drill that follows. Method: one that looks at the lab and takes a while, then a drill that is met.
func TestRehearsalThatWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
		testkit.Must(t, drill.Rehearse(ctx, "restoring the backup", func(_ context.Context, operator harness.Operator) error {
			if operator.Topology().Name != drill.cluster.Topology().Name {
				t.Errorf("it got the operator of %q", operator.Topology().Name)
			}
			time.Sleep(7 * time.Second)
			return nil
		}))
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.Detect(ctx, drill.steady), drill.finishBy(t, 10*time.Second))
		record := drill.Record()
		if len(record.Rehearsals) != 1 || record.Judgement.Verdict != harness.Met {
			t.Fatalf("rehearsals %+v, judgement %+v", record.Rehearsals, record.Judgement)
		}
		rehearsal := record.Rehearsals[0]
		if rehearsal.Name != "restoring the backup" || rehearsal.Error != "" || rehearsal.To-rehearsal.From != 7*time.Second ||
			rehearsal.To > record.Fault.At {
			t.Errorf("rehearsal %+v, the fault at %v", rehearsal, record.Fault.At)
		}
		if !slices.ContainsFunc(record.Events, func(event harness.Event) bool {
			return event.At == rehearsal.To && event.Text == "rehearsal of restoring the backup: it works (7s)"
		}) {
			t.Errorf("the timeline does not tell: %+v", record.Events)
		}
	})
}

// Goal: a rehearsal that fails ends the drill before the fault, as missed and with the reason; a drill that
// claims just that is as claimed. Method: a check that fails, under either claim; the fault is then refused.
func TestRehearsalThatFails(t *testing.T) {
	for _, claim := range []harness.Verdict{harness.Met, harness.Missed} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.claims(claim, harness.RehearsalFailed)
			ctx, truncated := t.Context(), errors.New("unexpected end of archive")
			testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
			err := drill.Rehearse(ctx, "restoring the backup", func(context.Context, harness.Operator) error { return truncated })
			if !errors.Is(err, truncated) || !strings.Contains(err.Error(), "rehearse restoring the backup") {
				t.Errorf("rehearsed: %v", err)
			}
			if err := drill.Inject(ctx, drill.fault); !errors.Is(err, harness.ErrOrder) {
				t.Errorf("the fault was not refused: %v", err)
			}
			if err := drill.Judge(); (err == nil) != (claim == harness.Missed) {
				t.Errorf("claimed %s, Judge says: %v", claim, err)
			}
			testkit.Must(t, drill.Close(ctx))
			record := drill.Record()
			if record.Fault != nil || record.Judgement.Verdict != harness.Missed ||
				record.Judgement.AsClaimed != (claim == harness.Missed) {
				t.Errorf("fault %+v, judgement %+v", record.Fault, record.Judgement)
			}
		})
	}
}

// Goal: a rehearsal that is broken off says nothing of the recovery: the drill is inconclusive, not missed. Method: cancel
// one that waits for its context.
func TestRehearsalBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx, cancel := context.WithCancel(t.Context())
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
		time.AfterFunc(time.Second, cancel)
		err := drill.Rehearse(ctx, "restoring the backup", func(ctx context.Context, _ harness.Operator) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("rehearsed: %v", err)
		}
		testkit.Must(t, drill.Close(ctx))
		if record := drill.Record(); record.Judgement.Verdict != harness.Inconclusive || len(record.Rehearsals) > 0 {
			t.Errorf("rehearsals %+v, judgement %+v", record.Rehearsals, record.Judgement)
		}
	})
}

// Goal: a rehearsal that makes no sense, or comes at the wrong time, changes nothing. Method: one without a
// name, one without a check, one before the steady state is proved and one after the fault.
func TestRehearsalRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx, works := t.Context(), func(context.Context, harness.Operator) error { return nil }
		early := drill.Rehearse(ctx, "too early", works)
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		for name, check := range map[string]func(context.Context, harness.Operator) error{"": works, "nothing": nil} {
			testkit.Expect(t, drill.Rehearse(ctx, name, check), "it needs a name and a check")
		}
		testkit.Must(t, drill.StartWriting(ctx, drill.ledgers), drill.Inject(ctx, drill.fault))
		late := drill.Rehearse(ctx, "too late", works)
		if !errors.Is(early, harness.ErrOrder) || !errors.Is(late, harness.ErrOrder) {
			t.Errorf("before the steady state: %v; after the fault: %v", early, late)
		}
		if rehearsals := drill.Record().Rehearsals; len(rehearsals) > 0 {
			t.Errorf("recorded: %+v", rehearsals)
		}
	})
}
