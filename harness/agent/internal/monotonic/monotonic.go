//go:build linux

package monotonic

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// start relates Go's own monotonic readings, which cannot be taken out of a time.Time, to the kernel's clock that
// they come from.
var start = NewMark()

// Now reads CLOCK_MONOTONIC. It does so by way of Go's reading, which takes no system call.
func Now() protocol.Instant { return start.there + protocol.Instant(time.Since(start.here)) }

// A Mark relates the readings within this process's times to the kernel's clock, which they were
// taken from.
type Mark struct {
	here  time.Time
	there protocol.Instant
}

// NewMark takes both readings, within the shortest of a few moments.
func NewMark() Mark {
	var best Mark
	shortest := time.Duration(-1)
	for range 5 {
		before, now := read(), time.Now()
		if took := time.Duration(read() - before); shortest < 0 || took < shortest {
			best, shortest = Mark{here: now, there: before + protocol.Instant(took/2)}, took
		}
	}
	return best
}

// Instant is the moment on the kernel's clock. The moment must come from time.Now.
func (m Mark) Instant(moment time.Time) protocol.Instant {
	return m.there + protocol.Instant(moment.Sub(m.here))
}

// Ahead is how far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. It changes when somebody sets the clock.
func Ahead() time.Duration {
	now := time.Now()
	return time.Duration(now.UnixNano() - int64(start.Instant(now)))
}

// read is the kernel's monotonic clock.
func read() protocol.Instant {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // every Linux kernel has this clock
	}
	return protocol.Instant(now.Nano())
}

const (
	// pollInterval is how long Until sleeps before it looks whether its caller has given up.
	pollInterval = protocol.Instant(5 * time.Millisecond)
	// spin is how long before the instant Until stops to sleep: about what the kernel takes to wake a
	// thread. More would only keep the processor from the other nodes' agents, which wait for the same instant.
	spin = protocol.Instant(20 * time.Microsecond)
)

// Until returns as soon as the clock has reached the instant, at once when it has passed. When the
// context ends before, by more than pollInterval of 5 ms, Until returns the context's error.
//
// The calling goroutine must be locked to a thread that is not used for anything afterwards: its
// timers are made exact. It sleeps in the kernel alone: Go's timers are served by whichever thread
// comes along, and on a busy machine none does.
func Until(ctx context.Context, instant protocol.Instant) error {
	// The kernel may delay a thread's timers by 50 us to save power, unless the thread objects. Where
	// it may not, the stamps tell how late it was.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	for now := Now(); ; now = Now() {
		if err := ctx.Err(); err != nil {
			return err
		}
		wake := min(now+pollInterval, instant-spin)
		if now >= wake {
			break
		}
		if err := sleep(wake); err != nil {
			return fmt.Errorf("sleep until the instant: %w", err)
		}
	}
	for Now() < instant {
	}
	return nil
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
