// Package paths tells what is at a path of this machine.
package paths

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Exists tells whether there is anything at a path that this process can see.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// IsAt tells whether an open file is the one that others find at the path: it may have been removed, and another made.
func IsAt(file interface{ Stat() (fs.FileInfo, error) }, path string) (bool, error) {
	ours, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", path, err)
	}
	found, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", path, err)
	}
	return os.SameFile(ours, found), nil
}
