package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// What builds that were broken off leave in the cache, by their names.
const (
	partialInfix   = ".partial-" // after the key of a folder that is being filled
	archivesPrefix = "archives-" // before the hash of an image that is being built
	locksFolder    = "locks"     // has a file for each key that was ever worked on
	imageLock      = "image-"    // before the hash of an image, see [resolver.build]
)

// CleanCache removes what runs and builds that were broken off have left in this user's cache: temporary files, folders
// that were being filled, archives, and locks that nobody holds. What is in use, and what was completed, stays.
func CleanCache() (removed []string, err error) {
	root, err := supervise.CacheRoot()
	if err != nil {
		return nil, err
	}
	return cleanCache(root)
}

func cleanCache(root string) (removed []string, err error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look for what builds have left: %w", err)
	}
	err = nil
	for _, entry := range entries {
		gone, problem := cleanEntry(root, entry.Name())
		if gone {
			removed = append(removed, entry.Name())
		}
		err = errors.Join(err, problem)
	}
	return removed, errors.Join(err, cleanLocks(filepath.Join(root, locksFolder)))
}

// cleanEntry removes what the name tells to be left over, unless whoever works on it holds its lock.
func cleanEntry(root, name string) (gone bool, err error) {
	path := filepath.Join(root, name)
	if strings.HasPrefix(name, supervise.TemporaryPrefix) {
		return supervise.RemoveUnused(path)
	}
	key, _, isPartial := strings.Cut(name, partialInfix)
	if hash, isArchive := strings.CutPrefix(name, archivesPrefix); isArchive {
		key, isPartial = imageLock+hash, true
	}
	if !isPartial {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Join(root, locksFolder), 0o755); err != nil {
		return false, fmt.Errorf("lock %s: %w", key, err)
	}
	lock := flock.New(filepath.Join(root, locksFolder, key))
	locked, err := lock.TryLock()
	if err != nil || !locked {
		return false, err
	}
	defer func() { _ = lock.Unlock() }()
	if err := os.RemoveAll(path); err != nil {
		return false, fmt.Errorf("remove what a build has left: %w", err)
	}
	return true, nil
}

// cleanLocks removes the files of locks that nobody holds. Whoever waits for one looks, when they have it, whether it is
// still the one that others find.
func cleanLocks(folder string) (err error) {
	entries, readErr := os.ReadDir(folder)
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		return fmt.Errorf("look for locks: %w", readErr)
	}
	for _, entry := range entries {
		lock := flock.New(filepath.Join(folder, entry.Name()))
		locked, lockErr := lock.TryLock()
		if lockErr != nil || !locked {
			continue // it is in use
		}
		err = errors.Join(err, os.Remove(lock.Path()), lock.Unlock())
	}
	return err
}
