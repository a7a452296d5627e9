package schedule

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A countedTimer is one of the standard library that counts how often it is set.
type countedTimer struct {
	*time.Timer
	set *atomic.Int64
}

func (c countedTimer) Reset(after time.Duration) bool {
	c.set.Add(1)
	return c.Timer.Reset(after)
}

// Goal: a question that is answered before the next one is due costs one timer, which is set once a period; one that is
// not ends at its time limit to the moment, and so do those asked after it. Method: a service that answers at once, then
// hangs, on timers that count.
func TestKeepWithSetsFewTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var set atomic.Int64
		var hangs atomic.Bool
		afterFunc := func(after time.Duration, call func()) Timer { return countedTimer{time.AfterFunc(after, call), &set} }
		var took []time.Duration
		began := time.Now()
		go func() {
			time.Sleep(990 * time.Millisecond)
			if resets := set.Load(); resets != 50 {
				t.Errorf("in a second of answers the timers were set %d times", resets)
			}
			hangs.Store(true)
			time.Sleep(time.Second)
			cancel()
		}()
		err := KeepWith(ctx, harness.Schedule{Period: 20 * time.Millisecond, Limit: 150 * time.Millisecond}, afterFunc,
			func(ctx context.Context) error {
				if !hangs.Load() {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}, func(sample harness.Sample) {
				if sample.Err != nil {
					took = append(took, sample.Seen.Sub(sample.Asked))
					if !errors.Is(sample.Err, context.DeadlineExceeded) || !strings.Contains(sample.Err.Error(), "no answer within 150ms") {
						t.Errorf("a question that hung ended with %v", sample.Err)
					}
				}
			})
		if err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
		if len(took) < 40 || slices.Min(took) != 150*time.Millisecond || slices.Max(took) != 150*time.Millisecond {
			t.Errorf("%d questions hung, from %v", len(took), took)
		}
	})
}
