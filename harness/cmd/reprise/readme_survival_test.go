package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: the track record gets the newest whole proof. Method: none, then an older one, a newer one and a newest one of a part.
func TestSurvivalTable(t *testing.T) {
	root := t.TempDir()
	if _, err := survivalTable(root); err == nil {
		t.Error("there is a table without a proof")
	}
	for day, moments := range []int{survivalMoments, survivalMoments, 3} {
		report := newSurvivalReport(int64(day))
		report.Started = time.Date(2026, 11, 1+day, 0, 0, 0, 0, time.UTC)
		for _, cell := range drawSurvival(7, moments) {
			report.Cells = append(report.Cells, survivalResult{survivalCell: cell})
		}
		text, err := json.Marshal(report)
		path := filepath.Join(runsFolder(root), report.Started.Format("20060102")+"-beef", filepath.FromSlash(survivalFile))
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	table, err := survivalTable(root)
	if err != nil || !strings.Contains(table, "**40 of 40**") || !strings.Contains(table, "Seed 1, on 2026-11-02") {
		t.Errorf("%v:\n%s", err, table)
	}
}
