package readme

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/selftest/calibration"
)

// writtenResult is what the suite writes; its own tests see to that.
const writtenResult = "../../../../selftest/calibration/testdata/result.json"

// Goal: the table says what was measured, every figure in its column, and from where. Method: a result as
// the suite writes it, in which every figure is another.
func TestCalibrationTable(t *testing.T) {
	root := t.TempDir()
	keepResult(t, root, "20260120-090000-aaaa", func(text string) string { return text })
	keepResult(t, root, "20260119-090000-ffff", func(text string) string { return strings.ReplaceAll(text, "990", "0") })
	table, err := calibrationTable(root)
	testkit.Must(t, err)
	for _, line := range []string{
		"| method | outages | measured | missed, up to 20 ms | up to 40 ms | longer | merged | invented | error p50 | p90 | p99 | " +
			"max | median with sign | inconclusive | silently wrong |",
		"| reprise, idle | 1000 | 990 | 5 | 2 | 2 | 1 | 7 | 9 ms | 17 ms | 20.5 ms | 22 ms | -0.5 ms | 10 | 6 |",
		"| curl every second, idle | 300 | 100 | 50 | 30 | 120 | 0 | 0 | 300 ms | 900 ms | 1000 ms | 1200 ms | 100 ms | – | – |",
		"| reprise, all processors busy | 1000 | 990 | 5 | 2 | 2 | 1 | 7 | 9 ms | 17 ms | 20.5 ms | 22 ms | -0.5 ms | 10 | 6 |",
		"Of 8 outages the truth is not known to a millisecond, and of 8 on the busy machine: they have no part in the errors.",
		"The observer took 4.2 % of one core and 16.0 MiB of memory for 10 probes every 20 ms (all processors busy: 6.1 %, 18.0 " +
			"MiB). The questions alone took 3.5 % (busy: 4.9 %) of a program that does nothing else: the observer took 1.20 and 1.25 " +
			"times as much. Under 5 % is promised, or 1.5 times where the questions alone leave no room for that.",
		"Measured on 2026-01-20 with seed 7; 2 processors, 8192 MiB of memory, kernel 6.1, engine 29.0.",
	} {
		if !strings.Contains(table, line+"\n") {
			t.Errorf("the table lacks %q:\n%s", line, table)
		}
	}
}

// Goal: nothing but a calibration is taken for one. Method: no run at all, a result of another version,
// and one that is no JSON.
func TestCalibrationTableRefuses(t *testing.T) {
	if _, err := calibrationTable(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make calibrate") {
		t.Errorf("without a run: %v", err)
	}
	for _, damage := range []func(string) string{
		func(text string) string { return strings.Replace(text, "calibration/v1", "calibration/v2", 1) },
		func(text string) string { return text[1:] },
	} {
		root := t.TempDir()
		keepResult(t, root, "20260120-090000-aaaa", damage)
		if table, err := calibrationTable(root); err == nil {
			t.Errorf("it was read:\n%s", table)
		}
	}
}

// keepResult puts a result where a run leaves it.
func keepResult(t *testing.T, root, run string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(writtenResult)
	testkit.Must(t, err)
	path := filepath.Join(module.RunsFolder(root), run, filepath.FromSlash(calibration.File))
	testkit.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	testkit.Must(t, os.WriteFile(path, []byte(change(string(text))), 0o600))
}
