package harness

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Wait is one bounded wait for a condition. Keep a package's waits in one table: the figures are
// then in one place, each with its reason.
type Wait struct {
	For      string        // what is waited for, such as "the API of nomad-1 to answer"; errors say it
	Interval time.Duration // from the end of one look to the next one; must be positive
	Limit    time.Duration // after which the wait gives up; 0 means that only the context ends it
	alive    []aliveNode
}

// An aliveNode is a node whose system has to run for the wait to make sense.
type aliveNode struct {
	observer Observer
	name     string
}

// The waits of the conductor.
var (
	// waitForSteadyState has to cover a cluster that has just been started on a starved machine:
	// elections and the first job take about a minute on two cores that seven systems share.
	waitForSteadyState = Wait{For: "the steady state", Interval: 50 * time.Millisecond, Limit: 3 * time.Minute}
	// waitForWrites allows some of the first writes to be refused: a new leader may still warm up.
	waitForWrites = Wait{For: "acknowledged writes", Interval: 20 * time.Millisecond, Limit: time.Minute}
	// waitForFailure and waitForRecovery get their limits from the drill's objective. Their intervals
	// are shorter than any probe's period: what they look at is already in memory.
	waitForFailure  = Wait{For: "the steady state to break", Interval: 20 * time.Millisecond}
	waitForRecovery = Wait{For: "the steady state to come back", Interval: 20 * time.Millisecond}
	// waitForSample gets its words and its limit from the call; what it looks at is in memory too.
	waitForSample = Wait{Interval: 20 * time.Millisecond}
	// waitForReading reads a ledger back from a cluster that has only just recovered.
	waitForReading = Wait{For: "the ledger to be read", Interval: time.Second, Limit: time.Minute}
)

// The time limits of the conductor's single calls.
const (
	// writeLimit is the time one write may take. After it the outcome is unknown, as it is for a
	// client that hangs up.
	writeLimit = 2 * time.Second
	// lastWritesLimit is the time the writes in flight get to end by their own limit.
	lastWritesLimit = writeLimit + time.Second
	// readLimit is the time one attempt to read a ledger back may take.
	readLimit = 10 * time.Second
	// confirmLimit is the time the proof that a fault bites may take.
	confirmLimit = 30 * time.Second
	// auditLimit is the time that all nodes together get for their fingerprints, and again for the search
	// for old addresses. One fingerprint takes well under 2 s; the first one reads every program of a node.
	auditLimit = 20 * time.Second
	// endLimit is how long a step or a check that is broken off may take to return; one that takes
	// longer is left behind.
	endLimit = 5 * time.Second
	// closeLimit bounds all that Close does, the revert included: a node that was without power may
	// have to start first.
	closeLimit = 90 * time.Second
)

// WhileAlive makes the wait end early when the main process of a node's system has ended: then the
// condition cannot come true and there is no reason to wait for the limit.
func (w Wait) WhileAlive(observer Observer, nodes ...string) Wait {
	alive := append([]aliveNode(nil), w.alive...)
	for _, node := range nodes {
		alive = append(alive, aliveNode{observer, node})
	}
	w.alive = alive
	return w
}

// Until looks at the condition at once and then at every interval, and returns nil as soon as it
// returns nil. Otherwise the error tells what was waited for, for how long, and the last error of
// the condition, which it wraps together with the context's error when that ended the wait.
func (w Wait) Until(ctx context.Context, condition func(context.Context) error) error {
	if w.Interval <= 0 {
		return fmt.Errorf("wait for %s: the interval is %v: it must be positive", w.For, w.Interval)
	}
	began := time.Now()
	look, cancel := ctx, context.CancelFunc(func() {})
	if w.Limit > 0 {
		look, cancel = context.WithTimeout(ctx, w.Limit)
	}
	defer cancel()
	timer := time.NewTimer(w.Interval)
	defer timer.Stop()
	var last error
	for {
		err := condition(look)
		if err == nil {
			return nil
		}
		// A look that the end of the wait broke off says less than the one before it.
		if last == nil || look.Err() == nil {
			last = err
		}
		if err := w.dead(look); err != nil {
			return fmt.Errorf("wait for %s: %w: %w", w.For, err, last)
		}
		timer.Reset(w.Interval)
		select {
		case <-look.Done():
			return w.gaveUp(ctx, time.Since(began), last)
		case <-timer.C:
		}
	}
}

// gaveUp tells whether the limit or the caller ended the wait.
func (w Wait) gaveUp(ctx context.Context, waited time.Duration, last error) error {
	waited = waited.Round(time.Millisecond)
	if err := ctx.Err(); err != nil {
		if cause := context.Cause(ctx); cause != err { //nolint:errorlint // the same value, not the same kind
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return fmt.Errorf("wait for %s: broken off after %v: %w: %w", w.For, waited, err, last)
	}
	return fmt.Errorf("wait for %s: not within %v: %w", w.For, waited, last)
}

// errEnded marks a wait that a dead system ended.
var errEnded = errors.New("its system has ended")

// dead returns an error when a node that has to be alive is not. A node that cannot be asked is
// given the benefit of the doubt.
func (w Wait) dead(ctx context.Context) error {
	for _, node := range w.alive {
		status, err := node.observer.Status(ctx, node.name)
		switch {
		case err != nil || status.Running || status.Ended.IsZero():
			// Alive, unknown, or not started yet.
		case status.Signal != "":
			return fmt.Errorf("%s: %w by signal %q", node.name, errEnded, status.Signal)
		default:
			return fmt.Errorf("%s: %w with exit code %d", node.name, errEnded, status.ExitCode)
		}
	}
	return nil
}
