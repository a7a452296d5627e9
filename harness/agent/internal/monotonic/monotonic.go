//go:build linux

package monotonic

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Now reads CLOCK_MONOTONIC. Go's own monotonic reading cannot be taken out of a time.Time.
func Now() protocol.Instant { return read(unix.CLOCK_MONOTONIC) }

// Ahead is how far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. It changes when somebody sets the clock.
func Ahead() time.Duration {
	return time.Duration(read(unix.CLOCK_REALTIME) - Now())
}

func read(clock int32) protocol.Instant {
	var now unix.Timespec
	if err := unix.ClockGettime(clock, &now); err != nil {
		panic(err) // every Linux kernel has both clocks
	}
	return protocol.Instant(now.Nano())
}

const (
	// handover is when Until leaves Go's timers, which can be interrupted, for the kernel's, which are exact.
	handover = 2 * time.Millisecond
	// spin is how long before the instant Until stops to sleep: about what the kernel takes to wake a
	// thread. More would only keep the processor from the other nodes' agents, which wait for the same instant.
	spin = 20 * time.Microsecond
)

// Until returns as soon as the clock has reached the instant, at once when it has passed. The
// calling goroutine must be locked to a thread that is not used for anything afterwards: the thread
// gets exact timers and, with the capability SYS_NICE, real-time priority. When the context ends
// before the last two milliseconds, Until returns the context's error.
func Until(ctx context.Context, instant protocol.Instant) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	prefer()
	if ahead := time.Duration(instant - Now()); ahead > handover {
		timer := time.NewTimer(ahead - handover)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	if err := sleep(instant - protocol.Instant(spin)); err != nil {
		return fmt.Errorf("sleep until the instant: %w", err)
	}
	for Now() < instant {
	}
	return nil
}

// prefer makes this thread exact. Where the kernel does not allow it, the stamps tell how late it was.
func prefer() {
	// The kernel may delay a thread's timers by 50 us to save power, unless it says otherwise.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	attributes := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	_ = unix.SchedSetAttr(0, &attributes, 0)
}

func sleep(until protocol.Instant) error {
	at := unix.NsecToTimespec(int64(until))
	for {
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil)
		if err != unix.EINTR {
			return err
		}
	}
}
