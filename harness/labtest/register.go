package labtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Operate has all of a register's clients work at the same time, each for so many operations, and returns the history.
// Every client reads, replaces what it has read, and writes a new value, by turns.
func Operate(ctx context.Context, register harness.Register, observer harness.Observer, rounds int) []harness.Operation {
	kinds := []harness.OperationKind{harness.OperationRead, harness.OperationCompareAndSet, harness.OperationWrite}
	began := time.Now()
	var mutex sync.Mutex
	var history []harness.Operation
	var clients sync.WaitGroup
	for client := range register.Clients() {
		clients.Go(func() {
			seen := 0
			for round := range rounds {
				operation := harness.Operation{
					Client: client, Key: round / len(kinds) % 2, Kind: kinds[round%len(kinds)],
					Value: 1 + round*register.Clients() + client,
				}
				if operation.Kind == harness.OperationCompareAndSet {
					operation.Expected = seen
				}
				operation.Call = time.Since(began)
				value, err := register.Do(ctx, observer, operation)
				operation.Return = time.Since(began)
				operation.Outcome = harness.OperationDone
				switch {
				case errors.Is(err, harness.ErrRefused):
					operation.Outcome = harness.OperationRefused
				case err != nil:
					operation.Outcome = harness.OperationUnknown
				case operation.Kind == harness.OperationRead:
					operation.Value, seen = value, value
				}
				mutex.Lock()
				history = append(history, operation)
				mutex.Unlock()
			}
		})
	}
	clients.Wait()
	return history
}

// CountOperations counts the operations of a kind with an outcome.
func CountOperations(history []harness.Operation, kind harness.OperationKind, outcome harness.OperationOutcome) int {
	return len(slices.DeleteFunc(slices.Clone(history), func(o harness.Operation) bool {
		return o.Kind != kind || o.Outcome != outcome
	}))
}
