package repository

import (
	"errors"
	"os"
	"path"
	"strings"
)

// Exists tells whether there is anything at the path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// Selftests is where the suites are that test the harness itself.
const Selftests = "harness/selftest/"

// SourceFolder is where a suite's sources are, below the root of the module: a folder that package patterns have named begins
// with a dot, and others that are no [Selftests] are scenarios.
func SourceFolder(folder string) string {
	switch {
	case strings.HasPrefix(folder, "."):
		return path.Clean(folder)
	case strings.HasPrefix(folder, Selftests):
		return folder
	}
	return "scenarios/" + folder
}
