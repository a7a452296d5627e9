package drill

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/judge"
)

// A saves is where a drill's record is saved to.
type saves struct {
	mu      sync.Mutex
	records []harness.Record
	fails   func(harness.Record) error
}

func (s *saves) save(record harness.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		if err := s.fails(record); err != nil {
			return err
		}
	}
	s.records = append(s.records, record)
	return nil
}

// last is the newest record once the saver has nothing more to do.
func (s *saves) last(t *testing.T) harness.Record {
	t.Helper()
	time.Sleep(2 * saveEvery)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[len(s.records)-1]
}

// savedDrill is a drill whose record is saved.
func savedDrill(t *testing.T, to *saves) *fakeDrill {
	t.Helper()
	drill := newFakeDrill(t)
	plan := harness.Plan{
		ID:        "fake",
		Scenario:  "fake",
		Title:     "a fake drill",
		Objective: harness.Objective{RTO: time.Minute},
		Save:      to.save,
	}
	saved, err := New(drill.cluster, plan)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = saved.Close(context.Background()) })
	drill.Drill = saved
	return drill
}

// Goal: wherever a drill is cut off, what is left of it is a record of the version that is read, inconclusive, that
// Says where it was, and judged again says so too; the last record of a drill that ends says none of that.
// Method: a drill that is met, and the record that is saved in the middle of each of its steps.
func TestRecordIsSavedAsTheDrillGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &saves{}
		drill := savedDrill(t, to)
		var places []string
		look := func(want string) {
			t.Helper()
			record := to.last(t)
			places = append(places, record.UnderWay)
			doubt := slices.ContainsFunc(record.Doubts, func(doubt string) bool { return strings.Contains(doubt, "cut off") })
			if record.UnderWay != want || !doubt || record.Judgement.Verdict != harness.Inconclusive || record.Judgement.AsClaimed {
				t.Errorf("during %s the record says %q, %v, %+v", want, record.UnderWay, record.Doubts, record.Judgement)
			}
			again := asRecord(t, record)
			if judged := judge.Judge(again); again.Schema != harness.RecordSchema ||
				!reflect.DeepEqual(judged.Reasons, record.Judgement.Reasons) ||
				judged.AsClaimed {
				t.Errorf("%s: judged again it is %+v", want, judged)
			}
		}
		look("before its first step")
		ctx := t.Context()
		testkit.Must(t, drill.Baseline(ctx, drill.steady))
		look("after baseline")
		testkit.Must(t, drill.StartWriting(ctx, drill.ledgers))
		drill.fault.effect = func() { look("inject") }
		testkit.Must(t, drill.Inject(ctx, drill.fault), drill.Detect(ctx, drill.steady))
		look("after detect")
		testkit.Must(t, drill.Repair(ctx, fakeRunbook{{Name: "restart", Do: func(context.Context, harness.Operator) error {
			look(`repair: step "restart" of "restart everything"`)
			drill.cluster.heal("quorum", "service")
			return nil
		}}}))
		awaited := make(chan error)
		go func() { awaited <- drill.AwaitRecovery(ctx, drill.steady) }()
		look("await recovery")
		testkit.Must(t, <-awaited)
		drill.cluster.read = func() error { drill.cluster.read = nil; return errors.New("not yet") }
		go func() { awaited <- drill.Reconcile(ctx, drill.ledgers) }()
		look("reconcile")
		testkit.Must(t, <-awaited, drill.Judge())
		look("after judge")
		testkit.Must(t, drill.Close(ctx))
		if closing := to.last(t); closing.UnderWay != "close" {
			t.Errorf("the last save was %q, want that of close", closing.UnderWay)
		}
		if record := drill.Record(); record.UnderWay != "" || len(record.Doubts) > 0 || record.Judgement.Verdict != harness.Met ||
			!record.Judgement.AsClaimed {
			t.Errorf("the last record: %q, %q, %+v", record.UnderWay, record.Doubts, record.Judgement)
		}
	})
}

func asRecord(t *testing.T, record harness.Record) harness.Record {
	t.Helper()
	text, err := json.Marshal(record)
	testkit.Must(t, err)
	var again harness.Record
	testkit.Must(t, json.Unmarshal(text, &again))
	return again
}

// Goal: a drill that was cut off is no success of who claims a miss, or an inconclusive drill, either. Method: judge
// a record under way with each claim, and one whose rehearsal has failed.
func TestCutOffIsNeverAsClaimed(t *testing.T) {
	for _, claimed := range []harness.Verdict{harness.Met, harness.Missed, harness.Inconclusive} {
		for _, rehearsals := range [][]harness.RecordRehearsal{nil, {{Name: "restore", Error: "no backup"}}} {
			record := harness.Record{
				UnderWay: "repair", Doubts: []string{"the drill was cut off during repair"}, Claim: harness.Claim{Verdict: claimed},
				Rehearsals: rehearsals,
			}
			if judged := judge.Judge(record); judged.AsClaimed || judged.Verdict != harness.Inconclusive {
				t.Errorf("claimed %s: %s, as claimed: %v", claimed, judged.Verdict, judged.AsClaimed)
			}
		}
	}
}

// Goal: a record that cannot be saved stops a drill before it begins and before its fault, and makes it inconclusive
// at any other time. Method: a disk that is full from a step on.
func TestRecordThatCannotBeSaved(t *testing.T) {
	full := errors.New("no space left on device")
	if _, err := New(newFakeCluster(), harness.Plan{
		ID: "x", Objective: harness.Objective{RTO: time.Minute},
		Save: func(harness.Record) error { return full },
	}); !errors.Is(err, full) {
		t.Errorf("begin: %v", err)
	}
	for _, test := range []struct {
		from    string
		injects bool
	}{{"inject", false}, {"await recovery", true}, {"close", true}} {
		t.Run(test.from, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := &saves{}
				seen := false
				to.fails = func(record harness.Record) error {
					seen = seen || strings.HasSuffix(record.UnderWay, test.from)
					if seen {
						return full
					}
					return nil
				}
				drill := savedDrill(t, to)
				ctx := t.Context()
				testkit.Must(t, drill.Baseline(ctx, drill.steady), drill.StartWriting(ctx, drill.ledgers))
				err := drill.Inject(ctx, drill.fault)
				if (err == nil) != test.injects {
					t.Fatalf("inject: %v", err)
				}
				if test.injects {
					testkit.Must(t, drill.Detect(ctx, drill.steady))
					_ = drill.finishBy(t, time.Second)
				}
				testkit.Must(t, drill.Close(ctx))
				record := drill.Record()
				if record.Judgement.Verdict != harness.Inconclusive ||
					!strings.Contains(strings.Join(record.Doubts, ";"), "the record could not be saved") {
					t.Errorf("%s, %q", record.Judgement.Verdict, record.Doubts)
				}
			})
		})
	}
}
