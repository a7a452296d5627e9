// Package turn has those who use an engine take turns: what measures is alone there, on every machine that reaches the engine.
package turn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// labsEnd is how long the labs of somebody who was killed may take to go, by the leases of their agents.
const labsEnd = 20 * time.Second

// Take takes the engine for what the caller is doing ("reprise chaos"). It waits for whoever else on this machine uses it, says
// in a line for whom, and ends with ctx: the error then wraps [engine.ErrInUse]. The engine tells which runs have a lab, of
// whichever machine, and of labs that were kept: those are an error.
func Take(
	ctx context.Context, connection *engine.Engine, mode engine.LockMode, doing string, progress image.Progress,
) (*engine.Lock, error) {
	lock, err := await(ctx, func() (*engine.Lock, error) {
		return engine.TakeLock(ctx, connection, mode, doing, progress.Event)
	}, progress)
	if err != nil {
		return nil, err
	}
	runs := func(ctx context.Context) ([]string, error) { return engine.Runs(ctx, connection) }
	if mode == engine.Exclusive {
		_, cleanErr := image.CleanCache() // of runs that were killed
		err = errors.Join(cleanErr, awaitAlone(ctx, runs, labsEnd, progress))
		if err == nil {
			err = engine.SweepAlone(ctx, connection) // what is left when all of a run was killed at once
		}
	} else {
		err = tellOthers(ctx, runs, progress)
	}
	if err != nil {
		lock.Release()
		return nil, err
	}
	return lock, nil
}

// waitEvery is the pause between two attempts to take the engine.
const waitEvery = time.Second

// await takes the lock as soon as it is free. Whoever is waited for is told once.
func await(ctx context.Context, take func() (*engine.Lock, error), progress image.Progress) (*engine.Lock, error) {
	for told := ""; ; {
		lock, err := take()
		if !errors.Is(err, engine.ErrInUse) {
			return lock, err
		}
		if told != err.Error() {
			told = err.Error()
			progress.Event("waiting: " + told)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-time.After(waitEvery):
		}
	}
}

// awaitAlone refuses an engine on which another run has a lab, if that does not go of its own accord.
func awaitAlone(
	ctx context.Context, runs func(context.Context) ([]string, error), limit time.Duration, progress image.Progress,
) error {
	said := false
	for deadline := time.Now().Add(limit); ; {
		others, err := runs(ctx)
		if err != nil || len(others) == 0 {
			return err
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("another run has a lab on this engine (%s), and drills of two runs disturb each other: wait for it to "+
				"end, or remove what it left with `%s`", strings.Join(others, ", "), module.Command("clean"))
		}
		if !said {
			progress.Event(fmt.Sprintf("another run has a lab on this engine (%s): waiting up to %v, in case nobody looks after it "+
				"any more", strings.Join(others, ", "), limit))
			said = true
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// tellOthers says whom a command would disturb that may go on beside others.
func tellOthers(ctx context.Context, runs func(context.Context) ([]string, error), progress image.Progress) error {
	others, err := runs(ctx)
	if err == nil && len(others) > 0 {
		progress.Event(fmt.Sprintf("another run has a lab on this engine (%s): if it measures, this disturbs it",
			strings.Join(others, ", ")))
	}
	return err
}
