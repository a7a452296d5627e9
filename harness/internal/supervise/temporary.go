package supervise

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// TemporaryPrefix begins the name of a folder of temporary files in the cache.
const TemporaryPrefix = "temporary-"

// CacheRoot is this user's folder of everything that was built, or is being built. It need not be there yet.
func CacheRoot() (string, error) {
	root, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the folder that keeps what was compiled: %w", err)
	}
	return filepath.Join(root, "reprise", "build"), nil
}

// TemporaryFolder names a folder for the temporary files of one program. It is not there yet; `make clean` removes it
// when nobody has.
func TemporaryFolder() (string, error) {
	root, err := CacheRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, TemporaryPrefix+rand.Text()), nil
}

// MakeTemporary makes a folder for temporary files of this process, which `make clean` leaves alone for as long as the
// process lives.
func MakeTemporary() (path string, remove func() error, err error) {
	path, err = TemporaryFolder()
	if err != nil {
		return "", nil, err
	}
	used, err := HoldFolder(path)
	if err != nil {
		return "", nil, err
	}
	return path, func() error { return errors.Join(os.RemoveAll(path), used.Close()) }, nil
}
