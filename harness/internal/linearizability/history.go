package linearizability

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/reprise-dr/reprise/harness"
)

// A history is what was done to one key, in the order of the calls.
type history struct {
	operations []harness.Operation
	writers    map[int]int // written value -> which operation writes it
	returned   []int       // the operations that were answered, in the order of their returns
	rank       []int       // of an operation: its place in returned; -1 when it was never answered
	// spared are operations that are known to fit nowhere and are left out, so that the next ones can
	// be found: a read altogether, a compare-and-set but for its effect.
	spared map[int]bool
}

// byKey parts the operations, each key's sorted by call. An operation that cannot be is an error.
func byKey(operations []harness.Operation) (map[int]*history, error) {
	keys := map[int]*history{}
	for _, operation := range operations {
		if operation.Return < operation.Call {
			return nil, fmt.Errorf("client %d's %s of key %d returns before it is called", operation.Client, operation.Kind, operation.Key)
		}
		if keys[operation.Key] == nil {
			keys[operation.Key] = &history{writers: map[int]int{}, spared: map[int]bool{}}
		}
		keys[operation.Key].operations = append(keys[operation.Key].operations, operation)
	}
	for key, history := range keys {
		if err := history.arrange(); err != nil {
			return nil, fmt.Errorf("key %d: %w", key, err)
		}
	}
	return keys, nil
}

// arrange fills in what follows from the operations.
func (h *history) arrange() error {
	slices.SortStableFunc(h.operations, func(a, b harness.Operation) int { return cmp.Compare(a.Call, b.Call) })
	h.rank = make([]int, len(h.operations))
	for i, operation := range h.operations {
		h.operations[i].Bad, h.rank[i] = false, -1
		if operation.Outcome == harness.OperationDone {
			h.returned = append(h.returned, i)
		}
		switch operation.Kind {
		case harness.OperationRead:
			continue
		case harness.OperationWrite, harness.OperationCompareAndSet:
		default:
			return fmt.Errorf("there is no operation of kind %q", operation.Kind)
		}
		if _, twice := h.writers[operation.Value]; twice || operation.Value == 0 {
			return fmt.Errorf("the value %d is written twice or stands for a key that is not there: written values must be unique and "+
				"not 0", operation.Value)
		}
		h.writers[operation.Value] = i
	}
	slices.SortStableFunc(h.returned, func(a, b int) int { return cmp.Compare(h.operations[a].Return, h.operations[b].Return) })
	for rank, i := range h.returned {
		h.rank[i] = rank
	}
	return nil
}

// until is the history up to the return of the given rank, for the search. It is smaller than what the
// clients did, and can be explained exactly when that can:
//   - a refused operation did not happen, and a read that was not answered found nothing;
//   - an unanswered write may have happened at any time since its call, or never. When nobody found its
//     value, "never" explains as much as any moment does. When somebody did, it happened before the first
//     one who did was answered: values are unique. Nothing stays open for ever, which would cost the search
//     dearly.
func (h *history) until(rank int) []porcupine.Operation {
	last := h.operations[h.returned[rank]].Return
	latest := h.latestEffects(rank)
	var operations []porcupine.Operation
	for i, operation := range h.operations {
		if operation.Call > last {
			break
		}
		returns, happened := operation.Return, h.answeredBy(i, rank)
		if !happened && operation.Kind != harness.OperationRead {
			if returns, happened = latest[i]; happened {
				returns = max(returns, operation.Call)
			}
		}
		if !happened || h.spared[i] && operation.Kind == harness.OperationRead {
			continue
		}
		do := action{kind: operation.Kind, value: operation.Value, expected: operation.Expected}
		if h.spared[i] {
			do.kind = harness.OperationWrite
		}
		operations = append(operations, porcupine.Operation{
			ClientId: operation.Client, Input: do, Call: int64(operation.Call), Return: int64(returns),
		})
	}
	return operations
}

func (h *history) answeredBy(i, rank int) bool { return h.rank[i] >= 0 && h.rank[i] <= rank }

// latestEffects are the times by which operations whose answer is not there must have happened, because
// somebody has found what they wrote.
func (h *history) latestEffects(rank int) map[int]time.Duration {
	latest := map[int]time.Duration{}
	var found func(value int, by time.Duration)
	found = func(value int, by time.Duration) {
		writer, written := h.writers[value]
		if !written || h.answeredBy(writer, rank) || h.operations[writer].Outcome == harness.OperationRefused {
			return
		}
		if known, before := latest[writer]; before && known <= by {
			return
		}
		latest[writer] = by
		if operation := h.operations[writer]; operation.Kind == harness.OperationCompareAndSet {
			found(operation.Expected, by) // it has found that one in its turn
		}
	}
	for _, i := range h.returned[:rank+1] {
		if value, observed := observes(h.operations[i]); observed && !h.spared[i] {
			found(value, h.operations[i].Return)
		}
	}
	return latest
}

// observes is the value that an operation finds where it takes effect; false for a write, which does not look.
func observes(operation harness.Operation) (int, bool) {
	switch operation.Kind {
	case harness.OperationRead:
		return operation.Value, true
	case harness.OperationCompareAndSet:
		return operation.Expected, true
	default:
		return 0, false
	}
}
