package readme

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

// Goal: the track record gets the newest whole proof. Method: none, then an older one, a newer one and a newest one of a part.
func TestSurvivalTable(t *testing.T) {
	root := t.TempDir()
	if _, err := survivalTable(root); err == nil {
		t.Error("there is a table without a proof")
	}
	for day, moments := range []int{survival.Moments, survival.Moments, 3} {
		report := survival.NewProof(int64(day))
		report.Started = time.Date(2026, 11, 1+day, 0, 0, 0, 0, time.UTC)
		for _, cell := range survival.Draw(7, moments) {
			report.Cells = append(report.Cells, survival.Result{Cell: cell})
		}
		text, err := json.Marshal(report)
		path := filepath.Join(module.RunsFolder(root), report.Started.Format("20060102")+"-beef", filepath.FromSlash(survival.File))
		testkit.Must(t, errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600)))
	}
	table, err := survivalTable(root)
	if err != nil || !strings.Contains(table, "**40 of 40**") || !strings.Contains(table, "Seed 1, on 2026-11-02") {
		t.Errorf("%v:\n%s", err, table)
	}
}
