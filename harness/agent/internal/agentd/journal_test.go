//go:build linux

package agentd

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

var (
	linkDown = harness.Action{Link: &harness.Link{Up: false}}
	linkUp   = harness.Action{Link: &harness.Link{Up: true}}
	pause    = harness.Action{Signal: &harness.Signal{Name: "STOP"}}
	pauseAll = harness.Action{Signal: &harness.Signal{Name: "STOP", All: true}}
	wakeMain = harness.Action{Signal: &harness.Signal{Name: "CONT"}}
	wakeAll  = harness.Action{Signal: &harness.Signal{Name: "CONT", All: true}}
	old      = []netip.Prefix{netip.MustParsePrefix("fd00:1::1/64")}
	newer    = []netip.Prefix{netip.MustParsePrefix("fd00:2::1/64")}
	there    = harness.Action{Readdress: &harness.Readdress{From: old, To: newer}}
	fill     = harness.Action{Disk: &harness.DiskAction{Fill: true}}
	cut      = harness.Action{Disk: &harness.DiskAction{Cut: true}}
	mend     = harness.Action{Disk: &harness.DiskAction{Mend: true}}
	back     = harness.Action{Readdress: &harness.Readdress{From: newer, To: old}}
)

// Goal: faults are undone last first, and each once. Method: three entries of two actions that note
// their undoing; revert one action, then everything, then everything again.
func TestJournalRevertsLastFirst(t *testing.T) {
	var undone []string
	note := func(name string) func(context.Context) error {
		return func(context.Context) error { undone = append(undone, name); return nil }
	}
	j := &journal{}
	j.add(entry{id: 1, action: there, undo: note("address")})
	j.add(entry{id: 2, action: pause, undo: note("pause")})
	j.add(entry{id: 1, action: linkDown, undo: note("link")})
	for _, step := range []struct {
		selected func(entry) bool
		want     []string
	}{
		{func(e entry) bool { return e.id == 1 }, []string{"link", "address"}},
		{everything, []string{"link", "address", "pause"}},
		{everything, []string{"link", "address", "pause"}},
	} {
		if err := j.revert(t.Context(), step.selected); err != nil || !slices.Equal(undone, step.want) {
			t.Fatalf("undone %v, error %v, want %v", undone, err, step.want)
		}
	}
}

// Goal: what could not be undone is kept, and does not keep the rest from being undone. Method: an
// entry whose undoing fails once.
func TestJournalKeepsWhatFailed(t *testing.T) {
	fails, undone := true, 0
	j := &journal{}
	j.add(entry{action: pause, undo: func(context.Context) error { undone++; return nil }})
	j.add(entry{action: linkDown, undo: func(context.Context) error {
		if fails {
			return errors.New("busy")
		}
		undone++
		return nil
	}})
	if err := j.revert(t.Context(), everything); err == nil || undone != 1 {
		t.Fatalf("undone %d with error %v, want 1 and an error", undone, err)
	}
	fails = false
	if err := j.revert(t.Context(), everything); err != nil || undone != 2 {
		t.Fatalf("undone %d with error %v, want 2", undone, err)
	}
}

// Goal: an action that lifts a fault leaves nothing to undo, one that does not leaves the fault in the
// journal. Method: pairs of actions, and how many entries remain.
func TestJournalForgetsWhatWasLifted(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second harness.Action
		remain        int
	}{
		{"link", linkDown, linkUp, 0},
		{"two links down", linkDown, linkDown, 2},
		{"wake the main process", pause, wakeMain, 0},
		{"wake all", pause, wakeAll, 0},
		{"waking one does not wake all", pauseAll, wakeMain, 1},
		{"there and back", there, back, 0},
		{"there twice", there, there, 2},
		{"of different kinds", pause, linkUp, 1},
		{"a disk that is mended", cut, mend, 0},
		{"a disk that is mended stays full", fill, mend, 1},
	} {
		j := &journal{}
		undo := func(context.Context) error { return nil }
		j.add(entry{action: c.first, undo: undo})
		second := undo
		if c.second == linkUp || c.second == wakeMain || c.second == wakeAll || c.second == mend {
			second = nil // as their deeds do: there is nothing to undo
		}
		j.add(entry{action: c.second, undo: second})
		if len(j.entries) != c.remain {
			t.Errorf("%s: %d entries remain, want %d", c.name, len(j.entries), c.remain)
		}
	}
}
