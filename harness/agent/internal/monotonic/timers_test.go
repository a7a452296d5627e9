//go:build linux

package monotonic

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a timer calls once, not before its time, again when it was reset, and not when it was stopped; one with
// slack is called together with the next one. Method: timers of some milliseconds, and the times of their calls.
func TestTimers(t *testing.T) {
	timers, err := NewTimers()
	testkit.Must(t, err)
	defer timers.Close()
	type call struct {
		name string
		at   time.Duration
	}
	calls := make(chan call, 10)
	began := time.Now()
	start := func(name string, after, slack time.Duration) *Timer {
		return timers.AfterFunc(after, slack, func() { calls <- call{name, time.Since(began)} })
	}
	late := start("late", 30*time.Millisecond, 0)
	start("slack", 5*time.Millisecond, time.Hour)
	stopped := start("stopped", 20*time.Millisecond, 0)
	start("early", 10*time.Millisecond, 0)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("a timer that waits is not stopped, or one that does not is")
	}
	wants := map[string]time.Duration{"slack": 10 * time.Millisecond, "early": 10 * time.Millisecond, "late": 30 * time.Millisecond}
	for len(wants) > 0 { // in any order: to a process that was starved all of them have expired
		got := <-calls
		if earliest, waits := wants[got.name]; !waits || got.at < earliest {
			t.Fatalf("got %v, want one of %v", got, wants)
		}
		delete(wants, got.name)
	}
	reset := time.Since(began)
	if late.Reset(20*time.Millisecond) || !late.Reset(5*time.Millisecond) {
		t.Error("reset does not tell whether the timer waited")
	}
	if got := <-calls; got.name != "late" || got.at < reset+5*time.Millisecond {
		t.Errorf("got %v after a reset at %v", got, reset)
	}
	select {
	case more := <-calls:
		t.Errorf("then came %v", more)
	case <-time.After(50 * time.Millisecond):
	}
}

// Goal: timers can be closed at any moment. Method: close some while they expire all the time.
func TestTimersClose(t *testing.T) {
	for range 50 {
		timers, err := NewTimers()
		testkit.Must(t, err)
		var again func()
		again = func() { timers.AfterFunc(0, 0, again) }
		again()
		time.Sleep(time.Millisecond)
		testkit.Must(t, timers.Close())
	}
}
