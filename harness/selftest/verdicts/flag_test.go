package verdicts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// flagKey is the key that the flag hangs on.
const flagKey = "flag/up"

// flag is a service whose outages the drill cuts itself, to the millisecond: it is up while a key is
// in Consul's store.
func flag() harness.Probe {
	return probe.Func{
		Label: "the flag is up", Every: 100 * time.Millisecond,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			status, err := keyValueStatus(ctx, observer, observer.Topology().Nodes[0].Name, http.MethodGet, flagKey, "")
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("it answered %d", status)
			}
			return err
		},
	}
}

// raise puts the flag up in a cluster that may still be electing.
func raise(ctx context.Context, s *drillRun) error {
	wait := harness.Wait{For: "the flag to go up", Interval: 100 * time.Millisecond, Limit: time.Minute}
	return wait.Until(ctx, func(ctx context.Context) error { return s.keyValue(ctx, http.MethodPut, flagKey, "1") })
}

// A flapping takes the flag down and puts it up again, by turns.
type flapping struct {
	drillRun *drillRun
	// turns are how long it is down, up, down, ... and so on. When they are over it stays as it is.
	turns []time.Duration
}

func (f flapping) Describe() string {
	return fmt.Sprintf("the key of the service is taken away and put back, %d changes", len(f.turns))
}

// Inject takes the flag down at once; the other turns follow by themselves.
func (f flapping) Inject(ctx context.Context, _ harness.Lab) (harness.Injection, error) {
	impact := harness.Impact{Before: time.Now()}
	if err := f.drillRun.keyValue(ctx, http.MethodDelete, flagKey, ""); err != nil {
		return nil, err
	}
	forever, cancel := context.WithCancel(context.WithoutCancel(ctx))
	injected := &turning{flapping: f, impact: impact, cancel: cancel}
	injected.running.Go(func() { injected.turn(forever) })
	return injected, nil
}

// turning is a flapping in force.
type turning struct {
	flapping
	impact  harness.Impact
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (f *turning) Impact() harness.Impact { return f.impact }

// turn changes the flag at the end of every turn, counted from t0.
func (f *turning) turn(ctx context.Context) {
	due := f.impact.Before
	for i, length := range f.turns {
		due = due.Add(length)
		if waitUntil(ctx, due) != nil {
			return
		}
		method := http.MethodPut
		if i%2 == 1 {
			method = http.MethodDelete
		}
		if err := f.drillRun.keyValue(ctx, method, flagKey, "1"); err != nil {
			f.drillRun.problem(fmt.Errorf("turn the flag: %w", err))
			return
		}
	}
}

// Confirm asks another server than the probe does.
func (f *turning) Confirm(ctx context.Context) (string, error) {
	node := f.drillRun.Lab.Topology().Nodes[1].Name
	status, err := f.drillRun.ask(ctx, node, http.MethodGet, flagKey, "")
	if err == nil && status != http.StatusNotFound {
		err = fmt.Errorf("%s answers %d for the key", node, status)
	}
	return node + " has no such key", err
}

func (f *turning) Revert(ctx context.Context) error {
	f.cancel()
	f.running.Wait()
	return f.drillRun.keyValue(ctx, http.MethodPut, flagKey, "1")
}

// waitUntil waits for a moment, or for the end of the context.
func waitUntil(ctx context.Context, moment time.Time) error {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// errOnPurpose is what a step says that is broken on purpose.
var errOnPurpose = errors.New("the script has a typing error")
