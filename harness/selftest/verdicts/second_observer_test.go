package verdicts

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// How the second observer looks: more often than the probes do, and as patiently.
const (
	observerPeriod = 100 * time.Millisecond
	observerLimit  = 2 * time.Second
	observerChecks = 40 // looks that may wait for an answer at the same time
)

// A look is one answer to the whole steady state.
type look struct {
	asked, answered time.Time
	up              bool
}

// A secondObserver watches the steady state beside the harness's observer, by a clock and a schedule of its
// own, so that the figures are held against something else than themselves.
type secondObserver struct {
	observer harness.Observer
	steady   harness.SteadyState
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu    sync.Mutex
	looks []look
}

// startObserver has a secondObserver look until it is stopped.
func startObserver(ctx context.Context, observer harness.Observer, steady harness.SteadyState) *secondObserver {
	ctx, cancel := context.WithCancel(ctx)
	w := &secondObserver{observer: observer, steady: steady, cancel: cancel}
	w.running.Go(func() { w.watch(ctx) })
	return w
}

func (w *secondObserver) watch(ctx context.Context) {
	ticker := time.NewTicker(observerPeriod)
	defer ticker.Stop()
	places := make(chan struct{}, observerChecks)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case places <- struct{}{}:
			w.running.Go(func() {
				w.look(ctx)
				<-places
			})
		default: // it leaves a look out rather than pile them up
		}
	}
}

// look asks all probes once.
func (w *secondObserver) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, observerLimit)
	defer cancel()
	seen := look{asked: time.Now()}
	outcomes := make([]error, len(w.steady))
	var group sync.WaitGroup
	for i, probe := range w.steady {
		group.Go(func() { outcomes[i] = probe.Check(limited, w.observer) })
	}
	group.Wait()
	if ctx.Err() != nil {
		return // broken off: it says nothing
	}
	seen.answered, seen.up = time.Now(), errors.Join(outcomes...) == nil
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = append(w.looks, seen)
}

// stop ends the watch.
func (w *secondObserver) stop() {
	w.cancel()
	w.running.Wait()
}

// Observations are what the second observer saw of an outage.
type observations struct {
	failed   bool
	known    time.Time // when the first failure was known: the earliest answer, whenever it was asked for
	lastFail look
	returned bool
	back     look // the first look that found it up for good
}

// since tells what was seen from a moment on. It is called when the second observer is stopped.
func (w *secondObserver) since(moment time.Time) observations {
	looks := slices.Clone(w.looks)
	slices.SortFunc(looks, func(a, b look) int { return a.asked.Compare(b.asked) })
	var seen observations
	for _, one := range looks {
		switch {
		case one.answered.Before(moment):
		case !one.up:
			if !seen.failed || one.answered.Before(seen.known) {
				seen.known = one.answered
			}
			seen.failed, seen.lastFail, seen.returned = true, one, false
		case seen.failed && !seen.returned:
			seen.returned, seen.back = true, one
		}
	}
	return seen
}
