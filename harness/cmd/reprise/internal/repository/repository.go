package repository

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Root is the folder, here or above, that holds the scenarios and the module.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		if Exists(filepath.Join(folder, "go.mod")) && Exists(filepath.Join(folder, "scenarios")) {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("find the repository: no folder with a go.mod and scenarios at %s or above: change into a clone", start)
		}
	}
}

// Exists tells whether there is anything at the path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
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

// Selftests is where the suites are that test the harness itself.
const Selftests = "harness/selftest/"

// SourceFolder is where a suite's sources are, below the root of the repository.
func SourceFolder(folder string) string {
	if strings.HasPrefix(folder, Selftests) {
		return folder
	}
	return "scenarios/" + folder
}
