//go:build linux

package monotonic

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Timers call functions when their time has come. All of them share one timer of the kernel, which Go's poller
// waits for. Each expiry of a timer of Go's own, and each system call that the runtime is told of, wakes the
// runtime's supervisor thread (sysmon), which then looks around every 20 us until the process is idle: a quarter
// of what an agent takes that asks hundreds of questions in a second.
type Timers struct {
	file *os.File
	fd   int

	mu      sync.Mutex
	waiting []*Timer         // in no order: there are a few dozen
	set     protocol.Instant // what the kernel's timer is set to; 0: it is not
}

// NewTimers makes the kernel's timer.
func NewTimers() (*Timers, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	file := os.NewFile(uintptr(fd), "timer") // Go's poller waits for it
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a timer: %w", err), file.Close())
	}
	t := &Timers{file: file, fd: fd}
	go func() { _ = raw.Read(t.expire) }() // it ends when the file is closed
	return t, nil
}

// Close ends the calls.
func (t *Timers) Close() error {
	t.mu.Lock()
	t.fd = -1 // the number may be another file's from now on
	t.mu.Unlock()
	return t.file.Close() // it waits for the calls under way
}

// AfterFunc calls the function once the time has passed, and at most the slack later: what has slack is called
// together with others. Calls come one after the other: the function must return soon.
func (t *Timers) AfterFunc(after, slack time.Duration, call func()) *Timer {
	timer := &Timer{timers: t, call: call, slack: protocol.Instant(slack)}
	timer.Reset(after)
	return timer
}

// expire calls what is due. It never has enough.
func (t *Timers) expire(fd uintptr) bool {
	var expirations uint64
	_, _, _ = unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&expirations)), unsafe.Sizeof(expirations))
	t.mu.Lock()
	now := Now()
	var due []*Timer
	t.waiting = slices.DeleteFunc(t.waiting, func(timer *Timer) bool {
		if timer.when > now {
			return false
		}
		timer.waits = false
		due = append(due, timer)
		return true
	})
	t.set = 0
	for _, timer := range t.waiting {
		t.arm(timer)
	}
	t.mu.Unlock()
	for _, timer := range due {
		timer.call()
	}
	return false
}

// jitter is how much later than it should a timer may expire, so that those that are due together are: it is
// what the kernel allows itself for the timers of an ordinary thread.
const jitter = protocol.Instant(50 * time.Microsecond)

// arm has the kernel's timer expire in time for this one. The caller holds the lock.
func (t *Timers) arm(timer *Timer) {
	latest := timer.when + timer.slack
	if t.fd < 0 || t.set != 0 && t.set <= latest+jitter {
		return // what has been taken back since makes it expire in vain
	}
	t.set = latest
	setting := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(latest))}
	// It fails for a descriptor that is no timer only.
	_, _, _ = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(t.fd), unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(&setting)),
		0, 0, 0)
}

// A Timer is one call. It implements harness.Timer.
type Timer struct {
	timers *Timers
	call   func()
	slack  protocol.Instant

	when  protocol.Instant
	waits bool
}

// Reset calls after this time, instead of when it was to. It tells whether the timer was waiting.
func (t *Timer) Reset(after time.Duration) bool {
	when := Now() + protocol.Instant(after)
	t.timers.mu.Lock()
	defer t.timers.mu.Unlock()
	waited := t.waits
	t.when, t.waits = when, true
	if !waited {
		t.timers.waiting = append(t.timers.waiting, t)
	}
	t.timers.arm(t)
	return waited
}

// Stop takes the call back. It tells whether the timer was waiting.
func (t *Timer) Stop() bool {
	t.timers.mu.Lock()
	defer t.timers.mu.Unlock()
	if !t.waits {
		return false
	}
	t.waits = false
	t.timers.waiting = slices.DeleteFunc(t.timers.waiting, func(other *Timer) bool { return other == t })
	return true
}
