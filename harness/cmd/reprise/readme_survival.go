package main

import (
	"fmt"
	"path/filepath"
	"slices"
)

// survivalTable is the matrix of the newest whole proof below the repository's runs, for the track record.
func survivalTable(root string) (string, error) {
	found, err := readResults[survivalReport](filepath.Join(runsFolder(root), "[0-9]*", filepath.FromSlash(survivalFile)))
	if err != nil {
		return "", fmt.Errorf("look for a proof of survival: %w", err)
	}
	whole := slices.DeleteFunc(found, func(report survivalReport) bool { return !report.whole() })
	if len(whole) == 0 {
		return "", usage("no run has proved that nothing outlives a run: run make survive first")
	}
	return slices.MaxFunc(whole, func(a, b survivalReport) int { return a.Started.Compare(b.Started) }).markdown(), nil
}
