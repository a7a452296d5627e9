package lab

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
)

// temporaryPrefix begins the name of a folder of temporary files in the cache.
const temporaryPrefix = "temporary-"

// cacheRoot is where everything is that was built, or is being built.
func cacheRoot() (string, error) {
	root, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the folder that keeps what was compiled: %w", err)
	}
	return filepath.Join(root, "reprise", "build"), nil
}

// TemporaryFolder names a folder for the temporary files of one program. It is not there yet; `make clean` removes it
// when nobody has.
func TemporaryFolder() (string, error) {
	root, err := cacheRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, temporaryPrefix+rand.Text()), nil
}
