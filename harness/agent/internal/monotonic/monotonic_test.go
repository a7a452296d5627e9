//go:build linux

package monotonic

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Goal: Until never returns early, and at once when the instant has passed. Method: instants around
// the hand-over between the two kinds of timers, each on a thread that is thrown away.
func TestUntilIsNeverEarly(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Second, 0, 50 * time.Microsecond, time.Millisecond, 5 * time.Millisecond} {
		var reached, instant protocol.Instant
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread()
			instant = Now() + protocol.Instant(ahead)
			err = Until(context.Background(), instant)
			reached = Now()
		}()
		<-done
		late := time.Duration(reached - max(instant, reached-protocol.Instant(time.Second)))
		if err != nil || reached < instant {
			t.Errorf("%v ahead: returned %v early, error %v", ahead, time.Duration(instant-reached), err)
		}
		if ahead >= 0 && late > 500*time.Millisecond {
			t.Errorf("%v ahead: returned %v late", ahead, late)
		}
	}
}

// Goal: a caller can give up. Method: cancel while an instant is far ahead, and before.
func TestUntilGivesUp(t *testing.T) {
	for _, after := range []time.Duration{0, 10 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		errs := make(chan error, 1)
		go func() {
			runtime.LockOSThread()
			errs <- Until(ctx, Now()+protocol.Instant(time.Hour))
		}()
		select {
		case err := <-errs:
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("gave up with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("still waits 5 s after the context ended")
		}
		cancel()
	}
}

// Goal: a time of this process is placed on the kernel's clock to within the moment it takes to read
// both. Method: readings of the clock before and after time.Now, much later than the mark.
func TestMark(t *testing.T) {
	mark := NewMark()
	const slack = protocol.Instant(20 * time.Microsecond)
	for range 100 {
		before := read()
		now := time.Now()
		after := read()
		if placed := mark.Instant(now); placed < before-slack || placed > after+slack {
			t.Errorf("%v was placed %v before and %v after its neighbours", now, time.Duration(before-placed), time.Duration(placed-after))
		}
		if ahead := mark.Instant(now.Add(time.Hour)) - mark.Instant(now); ahead != protocol.Instant(time.Hour) {
			t.Errorf("an hour became %v", time.Duration(ahead))
		}
		time.Sleep(time.Millisecond)
	}
}
