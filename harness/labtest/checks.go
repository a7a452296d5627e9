package labtest

import (
	"context"
	"fmt"
	"net"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/netcheck"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
)

// StartCheck implements harness.Observer: this process asks, over the lab's own connections. There is no
// ICMP between machines in memory, so that an echo is an error.
func (r *Lab) StartCheck(
	ctx context.Context, from string, asked harness.Check, timing harness.Schedule, samples func([]harness.Sample),
) (harness.CheckStream, error) {
	checker, err := netcheck.New(asked, func(ctx context.Context, network, address string) (net.Conn, error) {
		return r.Dial(ctx, from, network, address)
	})
	if err != nil {
		return nil, fmt.Errorf("ask from %s: %w", from, err)
	}
	if timing.Period <= 0 {
		return nil, fmt.Errorf("ask from %s: the period is %v: it must be positive", from, timing.Period)
	}
	asking := &asking{checker: checker, done: make(chan struct{})}
	go func() {
		defer close(asking.done)
		defer checker.Close() //nolint:errcheck // it only gives its sockets back
		// Its only error is the period's, which was looked at above.
		_ = schedule.Keep(ctx, timing, checker.Check, func(sample harness.Sample) { samples([]harness.Sample{sample}) })
	}()
	return asking, nil
}

type asking struct {
	checker *netcheck.Checker
	done    chan struct{}
}

// Change implements harness.CheckStream.
func (a *asking) Change(next harness.Check) error { return a.checker.Change(next) }

// Done implements harness.CheckStream.
func (a *asking) Done() <-chan struct{} { return a.done }
