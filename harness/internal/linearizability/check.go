package linearizability

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/reprise-dr/reprise/harness"
)

// maxBad is how many operations that fit nowhere are looked for in one key. A register that is broken
// for good has one at every step, and the first few tell as much.
const maxBad = 20

// Check looks for an order of the operations, each key by itself. Every key is 0 at first, which stands
// for one that is not there.
//
// When there is none it answers [harness.NotLinearizable], says in one sentence what was found first, and
// returns the operations around that of the key with the most of them, marked. An operation is marked
// when it is the one whose answer made the history up to that answer inexplicable; what follows is then
// judged as if it had not looked. When ctx ends before the search does, when a value was written twice or
// when nothing was answered it is [harness.Unchecked], with the reason.
func Check(
	ctx context.Context, operations []harness.Operation,
) (found harness.Linearizability, explanation string, marked []harness.Operation) {
	keys, err := byKey(operations)
	if err != nil {
		return harness.Unchecked, "the history cannot be checked: " + err.Error(), nil
	}
	answered, unfinished := 0, 0
	var worst *history
	var most []int
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		history := keys[key]
		answered += len(history.returned)
		bad, decided := history.misfits(ctx)
		if len(bad) > len(most) {
			worst, most = history, bad
		}
		if !decided && len(bad) == 0 {
			unfinished++
		}
	}
	switch {
	case worst != nil:
		return harness.NotLinearizable, worst.explain(most), worst.window(most)
	case unfinished > 0:
		return harness.Unchecked, fmt.Sprintf("the search did not end in time for %d of %d keys, with %d operations in all",
			unfinished, len(keys), len(operations)), nil
	case answered == 0:
		return harness.Unchecked, "no operation was answered", nil
	}
	return harness.Linearizable, "", nil
}

// misfits are the operations that fit nowhere, in the order of their returns. Decided is false when the
// context ended first: then there may be more.
func (h *history) misfits(ctx context.Context) (bad []int, decided bool) {
	last := len(h.returned) - 1
	for next := 0; next <= last && len(bad) < maxBad; {
		ordered, decided := explains(ctx, h.until(last))
		if !decided {
			return bad, false
		}
		if ordered {
			break
		}
		// What cannot be explained up to one answer cannot be up to a later one either.
		cut := false
		rank := next + sort.Search(last-next, func(ahead int) bool {
			ordered, decided := explains(ctx, h.until(next+ahead))
			cut = cut || !decided
			return !ordered
		})
		if cut {
			return bad, false
		}
		culprit := h.returned[rank]
		bad = append(bad, culprit)
		h.spared[culprit] = true
		next = rank + 1
	}
	return bad, true
}
