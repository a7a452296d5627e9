//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// A journal remembers the faults in force and how to undo each.
type journal struct {
	mu      sync.Mutex
	entries []entry
}

// An entry is one action in force.
type entry struct {
	id     int
	action harness.Action
	undo   func(context.Context) error
}

// add notes an action that was carried out. An action that lifts earlier ones takes them out
// instead: the way back must not lead through them again.
func (j *journal) add(added entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.entries)
	j.entries = slices.DeleteFunc(j.entries, func(e entry) bool { return lifts(added.action, e.action) })
	if added.undo != nil && len(j.entries) == before {
		j.entries = append(j.entries, added)
	}
}

// lifts tells whether carrying out an action leaves nothing of an earlier one.
func lifts(action, earlier harness.Action) bool {
	switch {
	case action.Link != nil && earlier.Link != nil:
		return action.Link.Up && !earlier.Link.Up
	case action.Signal != nil && earlier.Signal != nil:
		wakes := slices.Contains([]string{"CONT", "KILL"}, action.Signal.Name)
		return wakes && meets(*action.Signal, *earlier.Signal)
	case action.Drop != nil && earlier.Drop != nil:
		return liftsDrop(*action.Drop, *earlier.Drop)
	case action.Readdress != nil && earlier.Readdress != nil:
		return sameAddresses(action.Readdress.To, earlier.Readdress.From) && sameAddresses(action.Readdress.From, earlier.Readdress.To)
	case action.Disk != nil && earlier.Disk != nil:
		return action.Disk.Mend && earlier.Disk.Cut
	}
	return false
}

// liftsDrop tells whether an action lets through what an earlier one has dropped.
func liftsDrop(action, earlier harness.Drop) bool {
	return action.Lift && !earlier.Lift && tableOf(action).Name == tableOf(earlier).Name
}

// meets tells whether a signal reaches every process that an earlier one did.
func meets(signal, earlier harness.Signal) bool {
	return signal.All || !earlier.All && signal.Process == earlier.Process
}

// everything selects all entries of a journal.
func everything(entry) bool { return true }

// revert undoes the selected entries, last first, and forgets those it could undo.
func (j *journal) revert(ctx context.Context, selected func(entry) bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var kept []entry
	var failures error
	for _, e := range slices.Backward(j.entries) {
		if !selected(e) {
			kept = append(kept, e)
			continue
		}
		if err := e.undo(ctx); err != nil {
			kept = append(kept, e)
			failures = errors.Join(failures, fmt.Errorf("undo %s: %w", describe(e.action), err))
		}
	}
	slices.Reverse(kept)
	j.entries = kept
	return failures
}

// forget drops the selected entries: something else has undone them.
func (j *journal) forget(selected func(entry) bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = slices.DeleteFunc(j.entries, selected)
}
