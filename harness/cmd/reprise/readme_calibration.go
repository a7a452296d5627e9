package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// calibrationFile is where a calibration leaves its result, below the run's folder.
const calibrationFile = "calibration/result.json"

// calibrationSchema names the version of the result's JSON that is understood here. The suite in
// harness/selftest/calibration writes it.
const calibrationSchema = "reprise.calibration/v1"

// A calibration is what is read of a result.
type calibration struct {
	Schema  string            `json:"schema"`
	Started time.Time         `json:"started"`
	Seed    int64             `json:"seed"`
	Period  time.Duration     `json:"period_ns"`
	Probes  int               `json:"probes"`
	Machine map[string]string `json:"machine"`
	Idle    calibrationArm    `json:"idle"`
	Loaded  calibrationArm    `json:"loaded"`
}

type calibrationArm struct {
	Methods  []calibrationFigures `json:"methods"`
	Observer struct {
		Processor float64 `json:"processor"`
		Memory    int64   `json:"memory_bytes"`
	} `json:"observer"`
}

type calibrationFigures struct {
	Method   string `json:"method"`
	Outages  int    `json:"outages"`
	Measured int    `json:"measured"`
	Merged   int    `json:"merged"`
	Missed   struct {
		WithinOne int `json:"within_one_period"`
		WithinTwo int `json:"within_two_periods"`
		Longer    int `json:"longer"`
		Blind     int `json:"blind"`
	} `json:"missed"`
	Invented     int                     `json:"invented"`
	Split        int                     `json:"split"`
	Inconclusive int                     `json:"inconclusive"`
	Violations   int                     `json:"violations"`
	Unproved     int                     `json:"unproved"` // without a truth that is known to a millisecond
	Error        calibrationDistribution `json:"error"`
	Sharp        calibrationDistribution `json:"sharp"`
}

type calibrationDistribution struct {
	Count  int           `json:"count"`
	Median time.Duration `json:"median_ns"`
	P50    time.Duration `json:"p50_ns"`
	P90    time.Duration `json:"p90_ns"`
	P99    time.Duration `json:"p99_ns"`
	Max    time.Duration `json:"max_ns"`
}

// calibrationTable is the table of the newest calibration below the repository's runs.
func calibrationTable(root string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(runsFolder(root), "[0-9]*", filepath.FromSlash(calibrationFile)))
	if err != nil {
		return "", fmt.Errorf("look for a calibration: %w", err)
	}
	if len(paths) == 0 {
		return "", usage("no run has calibrated the observer: run make calibrate first")
	}
	found, err := readCalibration(slices.Max(paths)) // runs are named by their time
	if err != nil {
		return "", err
	}
	return found.markdown(), nil
}

func readCalibration(path string) (calibration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return calibration{}, fmt.Errorf("read the calibration: %w", err)
	}
	var found calibration
	if err := json.Unmarshal(text, &found); err != nil {
		return calibration{}, fmt.Errorf("read the calibration %s: %w", path, err)
	}
	if found.Schema != calibrationSchema {
		return calibration{}, fmt.Errorf("read the calibration %s: its schema is %q, and %q is understood", path, found.Schema, calibrationSchema)
	}
	return found, nil
}

// markdown is the table of all methods, and where its figures come from.
func (c calibration) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "| method | outages | measured | missed, up to %s | up to %s | longer | merged | invented | error p50 | p90 | p99 | max | median with sign | inconclusive | silently wrong |\n",
		inMilliseconds(c.Period), inMilliseconds(2*c.Period))
	text.WriteString("|---" + strings.Repeat("|---:", 14) + "|\n")
	for _, figures := range c.Idle.Methods {
		text.WriteString(figures.row("idle"))
	}
	for _, figures := range c.Loaded.Methods {
		text.WriteString(figures.row("all processors busy"))
	}
	fmt.Fprintf(&text, "\nThe error is that of an outage's length, as an absolute value. Merged: taken for a part of another outage. Invented: there was none, or one was measured twice. "+
		"Inconclusive: the record itself marks the figure, because nobody had asked or had an answer for a period and a half at one of its edges. Silently wrong: the truth is outside of what the record says is possible; methods that say nothing of the kind have a dash. "+
		"curl and Eventually watched the HTTP services only. Of %d outages the truth is not known to a millisecond, and of %d on the busy machine: they have no part in the errors.\n",
		unproved(c.Idle), unproved(c.Loaded))
	fmt.Fprintf(&text, "\nThe observer took %.1f %% of one core and %.1f MiB of memory for %d probes every %s (all processors busy: %.1f %%, %.1f MiB); under 5 %% is wanted%s.\n",
		100*c.Idle.Observer.Processor, mebibytes(c.Idle.Observer.Memory), c.Probes, inMilliseconds(c.Period),
		100*c.Loaded.Observer.Processor, mebibytes(c.Loaded.Observer.Memory), missedIf(c.Idle.Observer.Processor >= wantedProcessor))
	fmt.Fprintf(&text, "\nMeasured on %s with seed %d; %s processors, %s of memory, kernel %s, engine %s.\n",
		c.Started.UTC().Format("2006-01-02"), c.Seed, c.Machine["processors"], c.Machine["memory"], c.Machine["kernel"], c.Machine["engine"])
	return text.String()
}

// row is one line of the table.
func (f calibrationFigures) row(machine string) string {
	inconclusive, wrong := "–", "–"
	if f.Sharp.Count+f.Inconclusive > 0 {
		inconclusive, wrong = fmt.Sprint(f.Inconclusive), fmt.Sprint(f.Violations)
	}
	return fmt.Sprintf("| %s, %s | %d | %d | %d | %d | %d | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n",
		f.Method, machine, f.Outages, f.Measured, f.Missed.WithinOne, f.Missed.WithinTwo, f.Missed.Longer+f.Missed.Blind, f.Merged, f.Invented+f.Split,
		inMilliseconds(f.Error.P50), inMilliseconds(f.Error.P90), inMilliseconds(f.Error.P99), inMilliseconds(f.Error.Max), inMilliseconds(f.Error.Median), inconclusive, wrong)
}

// unproved counts the outages of an arm that the errors leave out. The observer comes first.
func unproved(arm calibrationArm) int {
	if len(arm.Methods) == 0 {
		return 0
	}
	return arm.Methods[0].Unproved
}

// wantedProcessor is the share of a core that the observer should stay under; see package calibration.
const wantedProcessor = 0.05

func missedIf(missed bool) string {
	if missed {
		return ": missed"
	}
	return ""
}

func inMilliseconds(d time.Duration) string {
	text := fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
	return strings.TrimSuffix(text, ".0") + " ms"
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
