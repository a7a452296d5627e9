package drill

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/linearizability"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

const (
	// registerKeys is how many keys the clients of a register share: few, so that they meet.
	registerKeys = 3
	// checkHistoryLimit bounds the check of a history, whose cost can explode.
	checkHistoryLimit = 30 * time.Second
)

// StartRegisters begins to read and write registers from several clients at the same time, until
// Reconcile or Judge. Which operation comes next is drawn from the drill's seed. It comes before Inject.
func (d *Drill) StartRegisters(ctx context.Context, registers ...harness.Register) (err error) {
	defer redactError(&err)
	ctx, leave, err := d.enter(ctx, stepStartRegisters)
	if err != nil {
		return err
	}
	defer leave()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, register := range registers {
		switch {
		case register == nil:
			return errors.New("start the registers: one is nil")
		case register.Clients() < 1 || register.Interval() <= 0:
			return fmt.Errorf("start register %q: it needs a client and a positive interval", register.Name())
		}
		d.registers = append(d.registers, startRegister(ctx, register, d.lab, d.started, d.record.Seed))
	}
	return nil
}

// A registerRun is a register at work.
type registerRun struct {
	register harness.Register
	observer harness.Observer
	started  time.Time
	values   atomic.Int64 // unique, so that a value names the write it comes from
	finish   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	history []harness.Operation
	checked *harness.RecordRegister
}

// startRegister begins. It outlives the context of the call, but not check.
func startRegister(
	ctx context.Context,
	register harness.Register,
	observer harness.Observer,
	started time.Time,
	seed int64,
) *registerRun {
	ctx, finish := context.WithCancel(context.WithoutCancel(ctx))
	run := &registerRun{register: register, observer: observer, started: started, finish: finish}
	name := fnv.New64a()
	_, _ = name.Write([]byte(register.Name())) // a hash never fails
	for client := range register.Clients() {
		draw := rand.New(rand.NewPCG(uint64(seed), name.Sum64()+uint64(client))) //nolint:gosec // repeatable on purpose
		run.running.Go(func() { run.client(ctx, client, draw) })
	}
	return run
}

// client carries out one operation after the other. Those under way when the drill ends are waited for.
func (r *registerRun) client(ctx context.Context, client int, draw *rand.Rand) {
	ticker := time.NewTicker(r.register.Interval())
	defer ticker.Stop()
	known := map[int]int{} // key -> the value this client saw last
	for {
		operation := r.next(client, draw, known)
		r.do(context.WithoutCancel(ctx), &operation)
		if operation.Outcome == harness.OperationDone {
			known[operation.Key] = operation.Value
		} else {
			delete(known, operation.Key)
		}
		r.mu.Lock()
		r.history = append(r.history, operation)
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// next draws an operation: half of them read, and a client replaces only what it has seen.
func (r *registerRun) next(client int, draw *rand.Rand, known map[int]int) harness.Operation {
	operation := harness.Operation{Client: client, Key: draw.IntN(registerKeys), Kind: harness.OperationRead}
	expected, seen := known[operation.Key]
	switch draw.IntN(4) {
	case 0:
		operation.Kind, operation.Value = harness.OperationWrite, int(r.values.Add(1))
	case 1:
		if seen {
			operation.Kind, operation.Expected, operation.Value = harness.OperationCompareAndSet, expected, int(r.values.Add(1))
		}
	}
	return operation
}

func (r *registerRun) do(ctx context.Context, operation *harness.Operation) {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	operation.Call = time.Since(r.started)
	value, err := r.register.Do(ctx, r.observer, *operation)
	operation.Return = time.Since(r.started)
	switch {
	case err == nil:
		operation.Outcome = harness.OperationDone
		if operation.Kind == harness.OperationRead {
			operation.Value = value
		}
	case errors.Is(err, harness.ErrRefused):
		operation.Outcome = harness.OperationRefused
	default:
		operation.Outcome = harness.OperationUnknown
	}
}

// check ends the clients and has the history checked, once.
func (r *registerRun) check(ctx context.Context) (harness.RecordRegister, error) {
	r.mu.Lock()
	checked := r.checked
	r.mu.Unlock()
	if checked != nil {
		return *checked, nil
	}
	r.finish()
	limited, cancel := context.WithTimeout(ctx, lastWritesLimit)
	defer cancel()
	problem := waitForGroup(limited, &r.running, fmt.Sprintf("an operation on register %q does not end although its time is up",
		r.register.Name()))
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.count()
	checking, cancel := context.WithTimeout(ctx, checkHistoryLimit)
	defer cancel()
	found.Linearizable, found.Explanation, found.History = linearizability.Check(checking, slices.Clone(r.history))
	if found.Linearizable == harness.Linearizable {
		found.History = nil
	}
	r.checked = &found
	return found, problem
}

// count adds the history up. The caller holds the lock.
func (r *registerRun) count() harness.RecordRegister {
	record := harness.RecordRegister{
		Name: r.register.Name(), Clients: r.register.Clients(), Operations: len(r.history), Linearizable: harness.Unchecked,
		Explanation: "its history was never checked",
	}
	for _, operation := range r.history {
		switch operation.Outcome {
		case harness.OperationRefused:
			record.Refused++
		case harness.OperationUnknown:
			record.Unknown++
		}
	}
	return record
}

// record is what is known of the register so far.
func (r *registerRun) record() harness.RecordRegister {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checked != nil {
		return *r.checked
	}
	return r.count()
}

// isChecked tells whether the history was checked.
func (r *registerRun) isChecked() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checked != nil
}

// historyOf says what the check of a history has found.
func historyOf(register harness.RecordRegister) string {
	text := fmt.Sprintf("%q after %s: ", register.Name, words.Counted(register.Operations, "operation"))
	switch register.Linearizable {
	case harness.Linearizable:
		return text + "linearizable"
	case harness.NotLinearizable:
		return text + "not linearizable: " + register.Explanation
	}
	return text + "whether it is linearizable is unknown: " + register.Explanation
}

// checkRegisters ends all registers and keeps what their check found.
func (d *Drill) checkRegisters(ctx context.Context) error {
	d.mu.Lock()
	registers := slices.Clone(d.registers)
	d.mu.Unlock()
	var problems []error
	for _, register := range registers {
		known := register.isChecked()
		found, err := register.check(context.WithoutCancel(ctx))
		problems = append(problems, err)
		if !known {
			d.teller.event(d.now(), "data", historyOf(found))
		}
	}
	return errors.Join(problems...)
}
