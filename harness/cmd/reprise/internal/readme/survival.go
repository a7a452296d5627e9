package readme

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

// survivalTable is the matrix of the newest whole proof below the repository's runs, for the track record.
func survivalTable(root string) (string, error) {
	pattern := filepath.Join(module.RunsFolder(root), "[0-9]*", filepath.FromSlash(survival.File))
	found, err := readResults[survival.Proof](pattern)
	if err != nil {
		return "", fmt.Errorf("look for a proof of survival: %w", err)
	}
	whole := slices.DeleteFunc(found, func(report survival.Proof) bool { return !report.Whole() })
	if len(whole) == 0 {
		return "", usage.Errorf("no run has proved that nothing outlives a run: run make survive first")
	}
	return slices.MaxFunc(whole, func(a, b survival.Proof) int { return a.Started.Compare(b.Started) }).Markdown(), nil
}
