package labtest

import (
	"context"
	"fmt"
	"net"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/netcheck"
	"github.com/reprise-dr/reprise/harness/internal/schedule"
)

// Ask implements harness.Observer: this process asks, over the lab's own connections. There is no
// ICMP between machines in memory, so that an echo is an error.
func (r *Lab) Ask(
	ctx context.Context, from string, asked harness.Question, timing harness.Schedule, samples func([]harness.Sample),
) (harness.Asking, error) {
	asker, err := netcheck.New(asked, func(ctx context.Context, network, address string) (net.Conn, error) {
		return r.Dial(ctx, from, network, address)
	})
	if err != nil {
		return nil, fmt.Errorf("ask from %s: %w", from, err)
	}
	if timing.Period <= 0 {
		return nil, fmt.Errorf("ask from %s: the period is %v: it must be positive", from, timing.Period)
	}
	asking := &asking{asker: asker, done: make(chan struct{})}
	go func() {
		defer close(asking.done)
		defer asker.Close() //nolint:errcheck // it only gives its sockets back
		// Its only error is the period's, which was looked at above.
		_ = schedule.Keep(ctx, timing, asker.Ask, func(sample harness.Sample) { samples([]harness.Sample{sample}) })
	}()
	return asking, nil
}

type asking struct {
	asker *netcheck.Asker
	done  chan struct{}
}

// Change implements harness.Asking.
func (a *asking) Change(next harness.Question) error { return a.asker.Change(next) }

// Done implements harness.Asking.
func (a *asking) Done() <-chan struct{} { return a.done }
