//go:build linux

package node

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// farewell is how long an agent that was told to end lets its answer travel.
const farewell = 20 * time.Millisecond

// A lease is the dead-man's switch: while the harness renews it, the node goes on.
type lease struct {
	length time.Duration
	ended  chan struct{}
	once   sync.Once

	mu    sync.Mutex
	timer *time.Timer
	held  bool
}

func newLease(length time.Duration) *lease {
	return &lease{length: length, ended: make(chan struct{}), timer: time.NewTimer(length)}
}

func (l *lease) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		l.timer.Reset(l.length)
	}
}

// hold makes the lease last for ever.
func (l *lease) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = true
	l.timer.Stop()
}

// end ends the lease as agreed, shortly after the agreement has been answered.
func (l *lease) end() {
	l.once.Do(func() { time.AfterFunc(farewell, func() { close(l.ended) }) })
}

// wait returns when the lease has ended: nil when that was agreed.
func (l *lease) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-l.ended:
		return nil
	case <-l.timer.C:
		return fmt.Errorf("wait for the harness: nothing was heard of it for %v", l.length)
	}
}
