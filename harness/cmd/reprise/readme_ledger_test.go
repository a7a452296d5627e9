package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: the README shows the newest measurement of the ledger, whatever other benches have run since.
// Method: an older and a newer bench with the ledger, a newest one without, and none at all.
func TestLedgerTable(t *testing.T) {
	root := t.TempDir()
	if _, err := ledgerTable(root); !errors.Is(err, errNoLedger) {
		t.Errorf("without a bench the error is %v", err)
	}
	folder := filepath.Join(runsFolder(root), "bench")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, figures := range [][]figure{
		{plainFigure(ledgerGroup, "rate", 111), plainFigure(electionsGroup, "lost", 0)},
		{plainFigure(ledgerGroup, "rate", 222.5), plainFigure(electionsGroup, "lost", 3), plainFigure("Lab ready", "other", 9)},
		{plainFigure("Lab ready", "rate", 333)},
	} {
		report := newBenchReport(day.AddDate(0, 0, i))
		report.add(figures...)
		text, err := report.json()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, report.Started.Format(time.DateOnly)+".json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	table, err := ledgerTable(root)
	if err != nil || !strings.Contains(table, "| rate |  | 222.5 |") || !strings.Contains(table, "| lost |  | 3.0 |") ||
		strings.Contains(table, "other") || !strings.Contains(table, "2026-01-02") {
		t.Errorf("%v\n%s", err, table)
	}
}
