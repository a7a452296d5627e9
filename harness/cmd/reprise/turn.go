package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// takeTurn makes this the one run on the machine and on the engine until release is called, or is an error that says who
// else is at it. The engine tells (runs) which have a lab, of whichever machine, and of labs that were kept; but between
// its answer and the first lab of a run there are minutes of compiling, in which only the lock in folder tells.
func takeTurn(ctx context.Context, runs func(context.Context) ([]string, error)) (release func(), err error) {
	folder, err := turnFolder()
	if err != nil {
		return nil, err
	}
	release, err = lockRuns(folder)
	if err != nil {
		return nil, err
	}
	others, err := runs(ctx)
	if err == nil {
		err = alone(others)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// lockRuns takes the lock that one run of a person holds at a time. It is the kernel's, and goes when its process does.
func lockRuns(folder string) (release func(), err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for the lock of runs: %w", err)
	}
	file := flock.New(filepath.Join(folder, "run.lock"))
	locked, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", file.Path(), err)
	}
	if !locked {
		return nil, errors.New("another run is going on on this machine, and drills of two runs disturb each other: wait for it to end")
	}
	return func() { _ = file.Unlock() }, nil
}

// alone refuses an engine on which another run has a lab.
func alone(others []string) error {
	if len(others) == 0 {
		return nil
	}
	return fmt.Errorf("another run has a lab on this engine (%s), and drills of two runs disturb each other: wait for it to end, or remove what it left with `make clean`", strings.Join(others, ", "))
}

// turnFolder is where this user's runs lock each other out.
func turnFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for the lock of runs: %w", err)
	}
	return filepath.Join(cache, "reprise"), nil
}
