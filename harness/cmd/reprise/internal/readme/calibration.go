package readme

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/selftest/calibration"
)

// calibrationTable is the table of the newest calibration below the repository's runs.
func calibrationTable(root string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(module.RunsFolder(root), "[0-9]*", filepath.FromSlash(calibration.File)))
	if err != nil {
		return "", fmt.Errorf("look for a calibration: %w", err)
	}
	if len(paths) == 0 {
		return "", usage.Errorf("no run has calibrated the observer: run make calibrate first")
	}
	found, err := calibration.Read(slices.Max(paths)) // runs are named by their time
	if err != nil {
		return "", err
	}
	return found.Markdown(), nil
}
