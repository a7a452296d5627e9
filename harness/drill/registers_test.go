package drill

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A fakeRegister keeps its values in memory. A forgetful one finds nothing now and then, and outcome says what becomes of
// operations.
type fakeRegister struct {
	forgetful bool
	outcome   func(harness.Operation) error

	mu     sync.Mutex
	values map[int]int
	reads  int
}

func (r *fakeRegister) Name() string { return "values" }

func (r *fakeRegister) Clients() int { return 3 }

func (r *fakeRegister) Interval() time.Duration { return 50 * time.Millisecond }

func (r *fakeRegister) Do(_ context.Context, _ harness.Observer, operation harness.Operation) (int, error) {
	time.Sleep(time.Millisecond) // there
	defer time.Sleep(time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcome != nil {
		if err := r.outcome(operation); err != nil {
			return 0, err
		}
	}
	switch operation.Kind {
	case harness.OperationCompareAndSet:
		if r.values[operation.Key] != operation.Expected {
			return 0, fmt.Errorf("%w: another value is there", harness.ErrRefused)
		}
		fallthrough
	case harness.OperationWrite:
		r.values[operation.Key] = operation.Value
	case harness.OperationRead:
		if r.reads++; r.forgetful && r.reads%10 == 0 {
			return 0, nil
		}
	}
	return r.values[operation.Key], nil
}

// someFail refuses some writes and loses the answers of others.
func someFail(operation harness.Operation) error {
	switch {
	case operation.Kind == harness.OperationWrite && operation.Value%7 == 0:
		return fmt.Errorf("%w: no leader", harness.ErrRefused)
	case operation.Kind == harness.OperationWrite && operation.Value%11 == 0:
		return context.DeadlineExceeded
	}
	return nil
}

// allFail refuses all reads and loses the answers of all writes.
func allFail(operation harness.Operation) error {
	if operation.Kind == harness.OperationRead {
		return harness.ErrRefused
	}
	return context.DeadlineExceeded
}

// Goal: several clients use a register at the same time until the end, with unique values and every
// kind of operation, and the record says what the check found; the history is kept only where it is
// needed. Method: registers in memory that refuse some operations and lose some answers: one is sound, one finds old values,
// and one never answers, so that there is nothing to check.
func TestRegisters(t *testing.T) {
	for found, test := range map[harness.Linearizability]struct {
		register *fakeRegister
		verdict  harness.Verdict
	}{
		harness.Linearizable:    {&fakeRegister{outcome: someFail}, harness.Met},
		harness.NotLinearizable: {&fakeRegister{outcome: someFail, forgetful: true}, harness.Missed},
		harness.Unchecked:       {&fakeRegister{outcome: allFail}, harness.Inconclusive},
	} {
		synctest.Test(t, func(t *testing.T) {
			drill := newFakeDrill(t)
			drill.claims(test.verdict, harness.InconsistentRegister)
			test.register.values = map[int]int{}
			testkit.Must(t, drill.Baseline(t.Context(), drill.steady), drill.StartWriting(t.Context(), drill.ledgers),
				drill.StartRegisters(t.Context(), test.register))
			testkit.Must(
				t,
				drill.Inject(t.Context(), drill.fault),
				drill.Detect(t.Context(), drill.steady),
				drill.finishBy(t, 5*time.Second),
			)
			record := drill.Record().Registers[0]
			if record.Operations < 3*5*20-3 || record.Refused == 0 || record.Unknown == 0 || record.Linearizable != found {
				t.Errorf("register: %+v", record)
			}
			if kept := len(record.History) > 0; kept != (found == harness.NotLinearizable) {
				t.Errorf("%s: %d operations kept", found, len(record.History))
			}
			if found != harness.Unchecked {
				checkHistory(t, drill.registers[0].history)
			}
		})
	}
}

// checkHistory looks for all kinds, all clients and unique values.
func checkHistory(t *testing.T, history []harness.Operation) {
	t.Helper()
	kinds, clients, values := map[harness.OperationKind]int{}, map[int]int{}, map[int]int{}
	for _, operation := range history {
		kinds[operation.Kind]++
		clients[operation.Client]++
		if operation.Kind != harness.OperationRead {
			values[operation.Value]++
		}
		if operation.Return < operation.Call {
			t.Errorf("it returned before it was called: %+v", operation)
		}
	}
	if len(kinds) != 3 || len(clients) != 3 {
		t.Errorf("kinds %v, clients %v", kinds, clients)
	}
	for value, count := range values {
		if count > 1 || value == 0 {
			t.Errorf("the value %d was written %d times", value, count)
		}
	}
}
