// Package module knows the Go module around the working directory: where it is, how the command reprise is called there, and
// where the runs of its drills leave their folders.
package module

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/paths"
)

// Root is the nearest folder, here or above, with a go.mod.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		if paths.Exists(filepath.Join(folder, "go.mod")) {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("find the module: there is no go.mod at %s or above: change into the module that has the drills", start)
		}
	}
}

// IsReprise tells whether the module at the root is a clone of Reprise, rather than one that uses it.
func IsReprise(root string) bool {
	return paths.Exists(filepath.Join(root, "scenarios")) && paths.Exists(filepath.Join(root, "harness", "suite"))
}

// RunsFolder is where every run gets a folder of its own.
func RunsFolder(root string) string { return filepath.Join(root, "reports", "out") }

// NewRun names a run: sorted by time, and unique also when two start within a second.
func NewRun(now time.Time) string {
	var random [2]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // crypto/rand never fails on Linux
	}
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}

var run = regexp.MustCompile(`^\d{8}-\d{6}-[0-9a-f]{4}$`)

// IsRun tells whether [NewRun] may have made the name.
func IsRun(name string) bool { return run.MatchString(name) }
