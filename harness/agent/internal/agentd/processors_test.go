//go:build linux

package agentd

import (
	"runtime"
	"testing"
)

// Goal: an agent uses one processor while it asks, unless it has actions to execute. Method: ask twice,
// strike, and finish, with what the runtime says after each.
func TestProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(before)
	p := newProcessors()
	expect := func(when string, wanted int) {
		t.Helper()
		if now := runtime.GOMAXPROCS(0); now != wanted {
			t.Errorf("%s: %d processors, want %d", when, now, wanted)
		}
	}
	expect("at first", 4)
	first, second := p.ask(), p.ask()
	expect("asking", 1)
	first()
	expect("still asking", 1)
	second()
	expect("after the last question", 4)
	third := p.ask()
	p.impact()
	expect("with an action", 4)
	third()
	p.ask()
	expect("with an action before", 4)
}
