package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// repositoryRoot is the folder, here or above, that holds the scenarios and the module.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		if exists(filepath.Join(folder, "go.mod")) && exists(filepath.Join(folder, "scenarios")) {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("find the repository: no folder with a go.mod and scenarios at %s or above: change into a clone", start)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// runsFolder is where every run gets a folder of its own.
func runsFolder(root string) string { return filepath.Join(root, "reports", "out") }

// newRun names a run: sorted by time, and unique also when two start within a second.
func newRun(now time.Time) string {
	var random [2]byte
	if _, err := rand.Read(random[:]); err != nil {
		panic(err) // crypto/rand never fails on Linux
	}
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(random[:])
}

// onTerminal tells whether the file is a terminal, where colour and moving lines make sense.
func onTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
