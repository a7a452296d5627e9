package linearizability

import (
	"fmt"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// How much of a history is shown around the first operation that fits nowhere: enough to see what the
// clients were at, few enough to be drawn.
const (
	shownBefore = 120
	shownAfter  = 60
)

// explain says in one sentence what was found first and why it cannot be.
func (h *history) explain(bad []int) string {
	culprit := h.operations[bad[0]]
	text := fmt.Sprintf("key %d: %s, %s", culprit.Key, told(culprit), h.reason(bad[0]))
	switch {
	case len(bad) >= maxBad:
		text += fmt.Sprintf(" (the first of %d or more such operations)", len(bad))
	case len(bad) > 1:
		text += fmt.Sprintf(" (the first of %d such operations)", len(bad))
	}
	return text
}

// told is an operation as a clause: "client 3 read 17 between 12.300 s and 12.310 s".
func told(operation harness.Operation) string {
	return fmt.Sprintf("client %d %s between %s and %s", operation.Client, did(operation), at(operation.Call), at(operation.Return))
}

func did(operation harness.Operation) string {
	switch operation.Kind {
	case harness.OperationRead:
		if operation.Value == 0 {
			return "found nothing"
		}
		return fmt.Sprintf("read %d", operation.Value)
	case harness.OperationCompareAndSet:
		return fmt.Sprintf("replaced %d by %d", operation.Expected, operation.Value)
	default:
		return fmt.Sprintf("wrote %d", operation.Value)
	}
}

func at(offset time.Duration) string { return fmt.Sprintf("%.3f s", offset.Seconds()) }

// reason says what speaks against an operation that fits nowhere.
func (h *history) reason(bad int) string {
	culprit := h.operations[bad]
	seen, _ := observes(culprit)
	writer, written := h.writers[seen]
	switch {
	case seen != 0 && !written:
		return "which nobody had written"
	case seen != 0 && h.operations[writer].Outcome == harness.OperationRefused:
		return fmt.Sprintf("although the write of %d was refused", seen)
	case seen != 0 && h.operations[writer].Call > culprit.Return:
		return fmt.Sprintf("before client %d wrote it at %s", h.operations[writer].Client, at(h.operations[writer].Call))
	}
	if rival, found := h.rival(bad); found {
		return fmt.Sprintf("although %s", told(h.operations[rival]))
	}
	if newer, found := h.newer(bad, seen); found {
		operation := h.operations[newer]
		return fmt.Sprintf("although client %d had %s by %s", operation.Client, had(operation), at(operation.Return))
	}
	return "and no order of the operations explains that"
}

// had is an operation as it follows "had".
func had(operation harness.Operation) string {
	if operation.Kind == harness.OperationWrite {
		return fmt.Sprintf("written %d", operation.Value)
	}
	return did(operation)
}

// rival is another compare-and-set that replaced the same value.
func (h *history) rival(bad int) (int, bool) {
	culprit := h.operations[bad]
	if culprit.Kind != harness.OperationCompareAndSet {
		return 0, false
	}
	rival := slices.IndexFunc(h.operations, func(other harness.Operation) bool {
		return other.Kind == harness.OperationCompareAndSet && other.Expected == culprit.Expected &&
			other.Outcome == harness.OperationDone && other.Value != culprit.Value
	})
	return rival, rival >= 0
}

// newer is the last operation answered before the culprit was called that shows a value which certainly
// came after the one seen.
func (h *history) newer(bad, seen int) (int, bool) {
	settled := h.settled(seen)
	for _, i := range slices.Backward(h.returned) {
		operation := h.operations[i]
		if operation.Return >= h.operations[bad].Call || operation.Value == seen || h.spared[i] {
			continue
		}
		if writer, written := h.writers[operation.Value]; written && (seen == 0 || h.operations[writer].Call > settled) {
			return i, true
		}
	}
	return 0, false
}

// settled is the earliest time by which a value is known to have been written.
func (h *history) settled(value int) time.Duration {
	settled := time.Duration(1<<63 - 1)
	for _, i := range h.returned {
		operation := h.operations[i]
		observed, looks := observes(operation)
		wrote := operation.Kind != harness.OperationRead && operation.Value == value
		if wrote || looks && observed == value {
			settled = min(settled, operation.Return)
		}
	}
	return settled
}

// window is the part of the history around the first operation that fits nowhere, with those that fit
// nowhere marked, and besides it the writes of the values that they saw, however old.
func (h *history) window(bad []int) []harness.Operation {
	keep := map[int]bool{}
	for i := max(0, bad[0]-shownBefore); i < min(len(h.operations), bad[0]+shownAfter); i++ {
		keep[i] = true
	}
	for _, i := range bad {
		keep[i] = true
		if seen, looks := observes(h.operations[i]); looks {
			if writer, written := h.writers[seen]; written {
				keep[writer] = true
			}
		}
	}
	var shown []harness.Operation
	for i, operation := range h.operations {
		if keep[i] {
			operation.Bad = h.spared[i]
			shown = append(shown, operation)
		}
	}
	return shown
}
