package linearizability

import (
	"context"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/reprise-dr/reprise/harness"
)

// An action is what the model needs of an operation. Values are what they are in a harness.Operation.
type action struct {
	kind            harness.OperationKind
	value, expected int
}

// register is one key: a value that is 0 at first.
var register = porcupine.Model{
	Init: func() any { return 0 },
	StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
		now, do := state.(int), input.(action)
		switch do.kind {
		case harness.OperationRead:
			return now == do.value, now
		case harness.OperationCompareAndSet:
			return now == do.expected, do.value
		default:
			return true, do.value
		}
	},
	Hash: func(state any) uint64 { return uint64(state.(int)) * 0x9e3779b97f4a7c15 }, // spreads small numbers
}

// explains tells whether there is an order for the operations; decided is false when the context ended
// before that was known.
func explains(ctx context.Context, operations []porcupine.Operation) (ordered, decided bool) {
	limit := time.Duration(0) // none
	if deadline, limited := ctx.Deadline(); limited {
		if limit = time.Until(deadline); limit <= 0 {
			return false, false
		}
	}
	model := register
	model.StepContext = func(inner context.Context, state, input, output any) (bool, any) {
		if ctx.Err() != nil {
			return false, state // the search ends soon when nothing fits any more
		}
		return register.StepContext(inner, state, input, output)
	}
	result := porcupine.CheckOperationsTimeout(model, operations, limit)
	if result == porcupine.Ok {
		return true, true
	}
	return false, result == porcupine.Illegal && ctx.Err() == nil
}
