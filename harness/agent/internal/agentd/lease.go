//go:build linux

package agentd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

const (
	// exitDelay lets the answer to the request that ends the agent reach the harness.
	exitDelay = 20 * time.Millisecond
	// silenceLooks is in how many looks a lease counts the time without a renewal.
	silenceLooks = 60
)

// A lease is the dead-man's switch: the node goes on until the stream to the harness ends, or the harness has not
// renewed the lease for the time of silence that is allowed.
type lease struct {
	silence time.Duration
	timers  *monotonic.Timers

	mu     sync.Mutex
	silent time.Duration // for how long nothing was heard while this process ran
	held   bool
	agreed bool // on the end
	over   bool
	ended  chan error
}

func newLease(silence time.Duration, timers *monotonic.Timers) *lease {
	l := &lease{silence: silence, timers: timers, ended: make(chan error, 1)}
	l.look(monotonic.Now())
	return l
}

// look counts the time since the last look.
func (l *lease) look(last protocol.Instant) {
	every := l.silence / silenceLooks
	l.timers.AfterFunc(every, every/2, func() {
		now := monotonic.Now()
		if l.count(time.Duration(now - last)) {
			l.lapse(fmt.Errorf("wait for the harness: nothing was heard of it for %v", l.silence))
			return
		}
		l.look(now)
	})
}

// count adds the time between two looks to the silence, and tells whether that is over. A process that was suspended,
// as all are when the machine is, has heard nothing because it could not listen: such a time counts as two looks.
func (l *lease) count(passed time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent += min(passed, 2*l.silence/silenceLooks)
	return l.silent >= l.silence
}

func (l *lease) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = 0
}

// hold makes the lease last for ever.
func (l *lease) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = true
}

// end ends the lease as agreed, shortly after the agreement has been answered.
func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.agreed {
		l.agreed = true
		l.timers.AfterFunc(exitDelay, 0, func() { l.finish(nil) })
	}
}

// lapse ends the lease unless it is held, or ends as agreed.
func (l *lease) lapse(why error) {
	l.mu.Lock()
	keeps := l.held || l.agreed
	l.mu.Unlock()
	if !keeps {
		l.finish(why)
	}
}

func (l *lease) finish(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.over = true
		l.ended <- why
	}
}

// wait returns when the lease has ended: nil when that was agreed.
func (l *lease) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case why := <-l.ended:
		return why
	}
}
