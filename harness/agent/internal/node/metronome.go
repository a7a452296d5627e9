//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A metronome wakes goroutines at exact moments. The timers of the Go runtime are rounded up to a
// millisecond and wake the processor twice; a timer of the kernel's wakes it once, for all who wait for
// the same moment.
type metronome struct {
	timer *os.File
	fd    int
	mark  monotonic.Mark

	mu      sync.Mutex
	waiting map[protocol.Instant][]chan struct{}
	armed   protocol.Instant // when the timer goes off; 0: it does not
}

// theMetronome is the process's. It is made once and stays.
var theMetronome = sync.OnceValues(newMetronome)

func newMetronome() (*metronome, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a timer: %w", err)
	}
	m := &metronome{timer: os.NewFile(uintptr(fd), "timer"), fd: fd, mark: monotonic.NewMark(), waiting: map[protocol.Instant][]chan struct{}{}}
	go m.tick()
	return m, nil
}

// wait returns when the moment has come, or with the context's error when that has ended.
func (m *metronome) wait(ctx context.Context, until time.Time) error {
	instant := m.mark.Instant(until)
	if ctx.Err() != nil || instant <= monotonic.Now() {
		return ctx.Err()
	}
	come := make(chan struct{})
	m.mu.Lock()
	m.waiting[instant] = append(m.waiting[instant], come)
	err := m.arm()
	m.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-come:
		return nil
	case <-ctx.Done():
		return ctx.Err() // the channel goes when its moment comes
	}
}

// tick wakes those whose moment has come.
func (m *metronome) tick() {
	defer m.timer.Close()
	var expirations [8]byte
	for {
		if _, err := m.timer.Read(expirations[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
			return // the process ends
		}
		m.mu.Lock()
		now := monotonic.Now()
		for instant, come := range m.waiting {
			if instant > now {
				continue
			}
			for _, one := range come {
				close(one)
			}
			delete(m.waiting, instant)
		}
		m.armed = 0
		_ = m.arm() // it has worked before
		m.mu.Unlock()
	}
}

// arm sets the timer to the earliest moment. The caller holds the lock.
func (m *metronome) arm() error {
	var earliest protocol.Instant
	for instant := range m.waiting {
		if earliest == 0 || instant < earliest {
			earliest = instant
		}
	}
	if earliest == 0 || earliest == m.armed {
		return nil
	}
	m.armed = earliest
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(earliest))}
	if err := unix.TimerfdSettime(m.fd, unix.TFD_TIMER_ABSTIME, &at, nil); err != nil {
		return fmt.Errorf("set the timer: %w", err)
	}
	return nil
}
