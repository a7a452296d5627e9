package drill

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/judge"
)

// Goal: a drill in which everything goes as it should is met, and every figure is the one that the
// script of the fake cluster implies. Method: all steps on a fake clock; t0, the runbook's length and
// the probes' periods are known, so each figure has narrow bounds.
func TestDrillMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, 10*time.Second))
		testkit.Must(t, drill.Close(t.Context()))

		record := drill.Record()
		judgement := record.Judgement
		if judgement.Verdict != harness.Met || !judgement.AsClaimed || judgement.RecoveredBy != harness.ByRunbook ||
			!judgement.Recovered {
			t.Errorf("judgement: %+v", judgement)
		}
		testkit.Between(t, "TTD", judgement.TTD, 0, 500*time.Millisecond)
		testkit.Between(t, "repair", judgement.Repair, 10*time.Second, 10*time.Second)
		testkit.Between(t, "converge", judgement.Converge, 0, 510*time.Millisecond)
		testkit.Between(t, "RTA", judgement.RTA, 10*time.Second, 11100*time.Millisecond)
		testkit.Between(t, "resolution", judgement.Resolution, 501*time.Millisecond, 505*time.Millisecond)
		ledger := record.Ledgers[0]
		if ledger.Lost != 0 || ledger.Kept != ledger.Acknowledged || ledger.Acknowledged == 0 || !judgement.DataJudged {
			t.Errorf("ledger: %+v, data judged: %v", ledger, judgement.DataJudged)
		}
		if record.Nodes[0].After.IPv6.String() != "fd00:d2::21" || record.Nodes[1].After != record.Nodes[1].Before {
			t.Errorf("nodes: %+v", record.Nodes)
		}
		if len(judgement.Outages) != 2 || !judgement.Outages[0].Returned || !judgement.Outages[1].Returned {
			t.Errorf("outages: %+v", judgement.Outages)
		}
	})
}

// Goal: a service that comes back too late is a miss with a figure, and Judge says it when met was
// claimed and is content when missed was. Method: a runbook longer than the RTO, with either claim.
func TestDrillMissedByTime(t *testing.T) {
	for _, claim := range []harness.Verdict{harness.Met, harness.Missed} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.claims(claim, harness.TooLate)
			drill.toDetection(t)
			err := drill.finishBy(t, 70*time.Second)
			if (err == nil) != (claim == harness.Missed) {
				t.Fatalf("claimed %s, Judge says: %v", claim, err)
			}
			judgement := drill.Record().Judgement
			if judgement.Verdict != harness.Missed || !judgement.Recovered || judgement.RecoveredBy != harness.ByRunbook {
				t.Errorf("judgement: %+v", judgement)
			}
			testkit.Between(t, "RTA", judgement.RTA, 70*time.Second, 71100*time.Millisecond)
			if err != nil && !testkit.ContainsAll(err.Error(), "missed", "met", "RTO", "1m0s") {
				t.Errorf("the error does not say it all: %v", err)
			}
		})
	}
}

// Goal: without a runbook and without self-healing nobody recovers: AwaitRecovery names what fails,
// the ledgers can still be read, and the verdict is missed. Method: the control arm of a drill.
func TestDrillWithoutRunbook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		err := drill.AwaitRecovery(t.Context(), drill.steady)
		if !errors.Is(err, harness.ErrNotRecovered) || !testkit.ContainsAll(err.Error(), "quorum", "service", "connection refused") {
			t.Fatalf("await: %v", err)
		}
		testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers))
		if err := drill.Judge(); err == nil || !testkit.ContainsAll(err.Error(), "missed", "more than") {
			t.Errorf("judge: %v", err)
		}
		judgement := drill.Record().Judgement
		if judgement.Verdict != harness.Missed || judgement.Recovered || judgement.RecoveredBy != harness.ByNobody {
			t.Errorf("judgement: %+v", judgement)
		}
		testkit.Between(t, "RTA", judgement.RTA, 2*time.Minute+5*time.Second, 2*time.Minute+5*time.Second)
	})
}

// Goal: an acknowledged write that is gone misses an RPO of 0, with the age of the oldest one as the
// RPA, and an RPO that allows that age does not. Method: the fault forgets known entries.
func TestDrillLosesWrites(t *testing.T) {
	for _, test := range []struct {
		rpo  time.Duration
		want harness.Verdict
	}{{0, harness.Missed}, {500 * time.Millisecond, harness.Missed}, {time.Minute, harness.Met}} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t, func(objective *harness.Objective) { objective.RPO = test.rpo })
			drill.fault.effect = func() { drill.cluster.lose(2, 5) }
			drill.toDetection(t)
			_ = drill.finishBy(t, time.Second)
			record := drill.Record()
			if record.Judgement.Verdict != test.want || record.Judgement.Lost != 2 {
				t.Errorf("RPO %v: %+v", test.rpo, record.Judgement)
			}
			// The fault waits for the fifteenth write, and the second is 1.3 s older.
			testkit.Between(t, "RPA", record.Judgement.RPA, 1300*time.Millisecond, 1450*time.Millisecond)
			if !reflect.DeepEqual(record.Ledgers[0].LostEntries, []int{2, 5}) {
				t.Errorf("lost entries: %v", record.Ledgers[0].LostEntries)
			}
		})
	}
}

// Goal: every outcome of a write is counted as what it is. Method: a ledger that refuses, hangs,
// breaks off and lies by the entry's number.
func TestDrillCountsWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
		time.Sleep(10 * time.Millisecond) // t0 at the instant of a write would leave it to chance which came first
		count := drill.Record().Ledgers[0].Attempted
		drill.cluster.mu.Lock()
		drill.cluster.write = func(ctx context.Context, entry int) error {
			switch {
			case entry%4 == 0: // hangs until the time limit, and is not there
				<-ctx.Done()
				return ctx.Err()
			case entry%4 == 1: // breaks off, and is there
				drill.cluster.mu.Lock()
				defer drill.cluster.mu.Unlock()
				drill.cluster.entries[entry] = true
				return errors.New("connection reset")
			case entry == 102: // refused, and there nevertheless
				drill.cluster.mu.Lock()
				defer drill.cluster.mu.Unlock()
				drill.cluster.entries[entry] = true
				return harness.ErrRefused
			case entry%4 == 2:
				return harness.ErrRefused
			}
			return nil
		}
		drill.cluster.mu.Unlock()
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.Detect(ctx, drill.steady))
		testkit.Must(t, drill.Repair(ctx, healing(drill.cluster, 20*time.Second)))
		testkit.Must(t, drill.AwaitRecovery(ctx, drill.steady), drill.Reconcile(ctx, drill.ledgers))
		testkit.Must(t, drill.Judge())

		got := drill.Record().Ledgers[0]
		var want harness.RecordLedger
		for entry := count + 1; entry <= got.Attempted; entry++ {
			switch entry % 4 {
			case 0:
				want.Unknown++
			case 1:
				want.Unknown++
				want.UnknownKept++
			case 2:
				want.Refused++
			default:
				want.Kept++
			}
		}
		if got.Refused != want.Refused || got.Unknown != want.Unknown || got.UnknownKept != want.UnknownKept ||
			got.Kept != want.Kept+count || got.Reappeared != 1 || got.Lost != 0 || got.AcknowledgedBefore != count {
			t.Errorf("got %+v after %d acknowledged, want %+v", got, count, want)
		}
		if got.Attempted < 200 {
			t.Errorf("only %d writes in more than 20 s at 100 ms: the schedule waited for answers", got.Attempted)
		}
	})
}

// Goal: a service that recovers without help is recovered by itself, however short the outage was.
// Method: everything fails for 700 ms, and Detect looks only 5 s after it is over.
func TestDrillDetectsWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers), drill.Inject(ctx, drill.fault))
		time.Sleep(700 * time.Millisecond)
		drill.cluster.heal("quorum", "service")
		time.Sleep(5 * time.Second)
		testkit.Must(t, drill.Detect(ctx, drill.steady), drill.AwaitRecovery(ctx, drill.steady))
		testkit.Must(t, drill.Reconcile(ctx, drill.ledgers), drill.Judge())
		judgement := drill.Record().Judgement
		if judgement.RecoveredBy != harness.BySelf {
			t.Errorf("judgement: %+v", judgement)
		}
		testkit.Between(t, "RTA", judgement.RTA, 700*time.Millisecond, 1210*time.Millisecond)
	})
}

// Goal: the control arm without a fault must not be detected, and is inconclusive. Method: a fault
// that touches nothing.
func TestDrillWithoutFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.fault.breaks = nil
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers), drill.Inject(ctx, drill.fault))
		began := time.Now()
		if err := drill.Detect(ctx, drill.steady); !errors.Is(err, harness.ErrNotDetected) {
			t.Fatalf("detect: %v", err)
		}
		testkit.Between(t, "detection", time.Since(began), time.Minute, 61*time.Second)
		testkit.Must(t, drill.Reconcile(ctx, drill.ledgers))
		err := drill.Judge()
		if err == nil || drill.Record().Judgement.Verdict != harness.Inconclusive || !strings.Contains(err.Error(), "broke nothing") {
			t.Errorf("judge: %v", err)
		}
	})
}

// Goal: time that is declared is added to the measured recovery and shown apart, and a step that
// only declares is not what recovered. Method: a declared step of 55 s before a self-healing one.
func TestDrillDeclaredTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		time.AfterFunc(10*time.Second, func() { drill.cluster.heal("quorum", "service") })
		testkit.Must(t, drill.Repair(t.Context(), fakeRunbook{{Name: "order a disk", Declared: 55 * time.Second}}))
		testkit.Must(t, drill.AwaitRecovery(t.Context(), drill.steady), drill.Reconcile(t.Context(), drill.ledgers))
		testkit.Expect(t, drill.Judge(), "declared")
		judgement := drill.Record().Judgement
		if judgement.Verdict != harness.Missed || judgement.Declared != 55*time.Second || judgement.RecoveredBy != harness.BySelf {
			t.Errorf("judgement: %+v", judgement)
		}
		testkit.Between(t, "RTA", judgement.RTA, 65*time.Second, 66100*time.Millisecond)
	})
}

// Goal: a step that fails ends its runbook, is named, and the drill goes on to see what becomes of
// the system. Method: the second of three steps fails.
func TestDrillRunbookFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		var ran []string
		step := func(name string, err error) harness.Step {
			return harness.Step{Name: name, Do: func(context.Context, harness.Operator) error { ran = append(ran, name); return err }}
		}
		broken := errors.New("peers.json is not valid")
		err := drill.Repair(t.Context(), fakeRunbook{step("stop", nil), step("write peers.json", broken), step("start", nil)})
		if !errors.Is(err, broken) || !testkit.ContainsAll(err.Error(), "restart everything", "write peers.json") {
			t.Errorf("repair: %v", err)
		}
		if !reflect.DeepEqual(ran, []string{"stop", "write peers.json"}) {
			t.Errorf("ran %v", ran)
		}
		if err := drill.AwaitRecovery(t.Context(), drill.steady); !errors.Is(err, harness.ErrNotRecovered) {
			t.Errorf("await: %v", err)
		}
		testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers))
		if err := drill.Judge(); err == nil {
			t.Error("a drill whose runbook failed was met")
		}
		if steps := drill.Record().Steps; len(steps) != 2 || steps[1].Error != broken.Error() {
			t.Errorf("steps: %+v", steps)
		}
	})
}

// Goal: probes that are only watched are recorded and have no say. Method: one that never comes back.
func TestDrillWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		testkit.Must(t, drill.Watch(t.Context(), fakeProbe{name: "old address", period: time.Second, cluster: drill.cluster}))
		drill.fault.effect = func() { drill.cluster.fail("no route", "old address") }
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second))
		for _, outage := range drill.Record().Judgement.Outages {
			if outage.SLI == "old address" && (outage.Returned || outage.Steady) {
				t.Errorf("outage: %+v", outage)
			}
		}
		if count := len(drill.Record().Judgement.Outages); count != 3 {
			t.Errorf("%d outages", count)
		}
		if err := drill.Watch(t.Context(), fakeProbe{name: "late", period: time.Second, cluster: drill.cluster}); !errors.Is(err,
			harness.ErrOrder) {
			t.Errorf("watching after the fault: %v", err)
		}
	})
}

// Goal: a service that flaps is back only when it stays up for the dwell. Method: up for 3 s, down
// for 2 s, then up for good, with a dwell of 5 s.
func TestDrillFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		flap := fakeRunbook{{Name: "flap", Do: func(context.Context, harness.Operator) error {
			time.AfterFunc(1*time.Second, func() { drill.cluster.heal("quorum", "service") })
			time.AfterFunc(4*time.Second, func() { drill.cluster.fail("again", "service") })
			time.AfterFunc(6*time.Second, func() { drill.cluster.heal("service") })
			return nil
		}}}
		testkit.Must(t, drill.Repair(t.Context(), flap), drill.AwaitRecovery(t.Context(), drill.steady))
		testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers), drill.Judge())
		testkit.Between(t, "RTA", drill.Record().Judgement.RTA, 6*time.Second, 6800*time.Millisecond)
	})
}

// Goal: what AwaitRecovery says and what Judge says agree, also when questions were in flight at the
// End of the watch: a failure after the dwell is told and changes no figure. Method: slow answers,
// and a failure that begins when AwaitRecovery returns.
func TestDrillRelapsesAfterTheDwell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.steady = harness.All(fakeProbe{
			name: "service", period: 100 * time.Millisecond, latency: 400 * time.Millisecond,
			cluster: drill.cluster,
		})
		drill.toDetection(t)
		testkit.Must(t, drill.Repair(t.Context(), healing(drill.cluster, time.Second)), drill.AwaitRecovery(t.Context(), drill.steady))
		drill.cluster.fail("again", "service")
		time.Sleep(time.Second)
		testkit.Must(t, drill.Reconcile(t.Context(), drill.ledgers), drill.Judge())
		if reasons := strings.Join(drill.Record().Judgement.Reasons, "; "); !testkit.ContainsAll(reasons, "failed again", "again") {
			t.Errorf("the relapse is not told: %s", reasons)
		}
	})
}

// Goal: a record that was written and read again is judged the same, so that verdicts hold for ever.
// Method: judge the JSON round trips of a met, a missed and an inconclusive drill.
func TestRejudge(t *testing.T) {
	for _, test := range []struct {
		takes time.Duration
		doubt string
		want  harness.Verdict
	}{
		{time.Second, "", harness.Met},
		{70 * time.Second, "", harness.Missed},
		{time.Second, "the host was starved", harness.Inconclusive},
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.toDetection(t)
			if test.doubt != "" {
				drill.Doubt(test.doubt)
			}
			_ = drill.finishBy(t, test.takes)
			testkit.Must(t, drill.Close(t.Context()))
			record := drill.Record()
			text, err := json.Marshal(record)
			testkit.Must(t, err)
			var again harness.Record
			testkit.Must(t, json.Unmarshal(text, &again))
			if record.Judgement.Verdict != test.want {
				t.Errorf("the verdict is %s, not %s", record.Judgement.Verdict, test.want)
			}
			if rejudged := judge.Judge(again); !reflect.DeepEqual(rejudged, record.Judgement) {
				t.Errorf("judged again:\n%+v\nat first:\n%+v", rejudged, record.Judgement)
			}
		})
	}
}

// Goal: what Record returned before does not change with the drill. Method: change the copy's and the
// drill's slices and compare.
func TestRecordIsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		before := drill.Record()
		text, err := json.Marshal(before)
		testkit.Must(t, err)
		drill.Finding("it broke")
		drill.Observe("log", "nomad-1", "no leader")
		testkit.Must(t, drill.finishBy(t, time.Second))
		after, err := json.Marshal(before)
		testkit.Must(t, err)
		if string(text) != string(after) {
			t.Errorf("the copy changed from\n%s\nto\n%s", text, after)
		}
		before.Nodes[0].Name, before.Fault.Description = "changed", "changed"
		if record := drill.Record(); record.Nodes[0].Name == "changed" || record.Fault.Description == "changed" {
			t.Error("the drill has the copy's changes")
		}
	})
}

// Goal: a baseline that does not come about says of which node the system has ended, and what that said last. Method: a cluster
// that never forms, of which one system has ended; the other runs.
func TestBaselineTellsOfEndedSystems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.cluster.fail("not formed yet", "quorum")
		drill.cluster.ended = map[string]harness.SystemStatus{"nomad-2": {ExitCode: 1, Ended: time.Now()}}
		err := drill.Baseline(t.Context(), drill.steady)
		want := `not formed yet; nomad-2: its system has ended with exit code 1, and has printed last: "bad config"`
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "nomad-1: its system") {
			t.Errorf("the error is %v, want ... %s", err, want)
		}
	})
}
