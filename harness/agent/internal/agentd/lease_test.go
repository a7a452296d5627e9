//go:build linux

package agentd

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

func startLease(t *testing.T, silence time.Duration) *lease {
	t.Helper()
	timers, err := monotonic.NewTimers()
	testkit.Must(t, err)
	t.Cleanup(func() { _ = timers.Close() })
	return newLease(silence, timers)
}

// Goal: time in which the agent itself did not run is no silence of the harness: when a machine was suspended for an
// hour, both go on. Method: one look that comes an hour late, and as many on time as make up the silence.
func TestLeaseCountsWhatTheAgentRan(t *testing.T) {
	const silence = time.Hour
	const every = silence / silenceLooks
	l := startLease(t, silence)
	if l.count(10 * time.Hour) {
		t.Error("a look that came ten hours late ended the lease")
	}
	looks := 2
	for !l.count(every) {
		looks++
	}
	if looks+1 != silenceLooks {
		t.Errorf("it took %d looks to end the lease, not %d", looks+1, silenceLooks)
	}
	l.renew()
	if l.count(every) {
		t.Error("a lease that was renewed has ended")
	}
}

// Goal: of several reasons to end the first counts; a lease that is held or whose end is agreed bears the end of the
// stream. Method: one lease each.
func TestLeaseEndsForOneReason(t *testing.T) {
	broken, later := errors.New("broken"), errors.New("later")
	for name, c := range map[string]struct {
		do   func(*lease)
		want error // context.DeadlineExceeded: it goes on
	}{
		"broken":            {func(l *lease) { l.lapse(broken); l.lapse(later) }, broken},
		"agreed":            {func(l *lease) { l.end(); l.lapse(broken) }, nil},
		"held":              {func(l *lease) { l.hold(); l.lapse(broken) }, context.DeadlineExceeded},
		"held, then agreed": {func(l *lease) { l.hold(); l.end() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLease(t, time.Hour)
			c.do(l)
			got := context.DeadlineExceeded
			select {
			case got = <-l.ended:
			case <-time.After(10 * exitDelay):
			}
			if !errors.Is(got, c.want) {
				t.Errorf("ended with %v", got)
			}
		})
	}
}
