package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 200 * time.Millisecond

// A cache keeps what took long to make in folders named by a hash of their ingredients. Folders
// appear by renaming, complete or not at all, and are never changed afterwards.
type cache struct {
	root     string
	progress Progress
}

// folder returns the folder of the key after fill has made its content, unless it was there already.
// Of several processes one fills and the others wait for it. Folders that a crash left half filled
// are removed by the next who fills the same key.
func (c cache) folder(ctx context.Context, key, purpose string, fill func(dir string) error) (string, error) {
	path := filepath.Join(c.root, key)
	if paths.Exists(path) {
		return path, nil
	}
	unlock, err := c.lock(ctx, key, purpose)
	if err != nil {
		return "", err
	}
	defer unlock()
	if paths.Exists(path) {
		return path, nil
	}
	abandoned, err := filepath.Glob(path + partialInfix + "*")
	if err != nil {
		return "", fmt.Errorf("look for abandoned folders: %w", err)
	}
	for _, folder := range abandoned {
		if err := os.RemoveAll(folder); err != nil {
			return "", fmt.Errorf("remove what an earlier build left: %w", err)
		}
	}
	partial, err := os.MkdirTemp(c.root, key+partialInfix)
	if err != nil {
		return "", fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(partial) }() // gone already when all went well
	if err := fill(partial); err != nil {
		return "", err
	}
	if err := os.Rename(partial, path); err != nil {
		return "", fmt.Errorf("keep what was built: %w", err)
	}
	return path, nil
}

// lock makes sure that one process and one goroutine at a time works on the key. The lock is the
// kernel's: it goes when its process does, however that ends.
func (c cache) lock(ctx context.Context, key, purpose string) (unlock func(), err error) {
	locks := filepath.Join(c.root, locksFolder)
	if err := os.MkdirAll(locks, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	for {
		file := flock.New(filepath.Join(locks, key))
		locked, err := file.TryLock()
		if err == nil && !locked {
			c.progress.Event(purpose + ": waiting for another build of it")
			_, err = file.TryLockContext(ctx, lockPoll)
		}
		var current bool
		if err == nil {
			current, err = paths.IsAt(file, file.Path())
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", file.Path(), engine.CauseOf(ctx, err))
		}
		if current {
			return func() { _ = file.Unlock() }, nil
		}
		_ = file.Unlock() // somebody has cleaned up in the meantime
	}
}
