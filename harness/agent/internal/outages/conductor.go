//go:build linux

package outages

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// conduct follows the plans of all targets at the same time and returns what really happened.
func conduct(ctx context.Context, targets []named, seed uint64, outages int) (Truth, error) {
	truth := Truth{Seed: seed, Services: make([]Service, len(targets))}
	group, ctx := errgroup.WithContext(ctx)
	for i, target := range targets {
		group.Go(func() error {
			// Never unlocked: the thread is thrown away, since its timers are made exact.
			runtime.LockOSThread()
			cuts, err := follow(ctx, target, plan(seed, i, outages))
			truth.Services[i] = Service{Name: target.name, Cuts: cuts}
			if err != nil {
				return fmt.Errorf("cut the service %q: %w", target.name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	truth.Ahead = monotonic.Ahead()
	return truth, err
}

// follow makes one target's outages. The gaps and lengths are those of the plan as nearly as the
// machine allows; the stamps say what they were.
func follow(ctx context.Context, target target, outline []planned) ([]Cut, error) {
	cuts := make([]Cut, 0, len(outline))
	for _, outage := range outline {
		var cut Cut
		var err error
		if cut.DownFrom, cut.DownTo, err = change(ctx, outage.gap, target.cut); err != nil {
			return cuts, err
		}
		if cut.UpFrom, cut.UpTo, err = change(ctx, outage.length-time.Duration(cut.DownTo-cut.DownFrom), target.restore); err != nil {
			return cuts, err
		}
		cuts = append(cuts, cut)
	}
	return cuts, nil
}

// change waits, makes the change, and says when it began and was done.
func change(ctx context.Context, after time.Duration, make func(notYet) error) (from, to protocol.Instant, err error) {
	if err := monotonic.Until(ctx, monotonic.Now()+protocol.Instant(after)); err != nil {
		return 0, 0, err
	}
	from = monotonic.Now()
	err = make(func(moment protocol.Instant) { from = moment })
	return from, monotonic.Now(), err
}
