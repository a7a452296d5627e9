package run

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/selftest/calibration"
)

// Goal: the line that repeats a calibration makes the same outages. Method: with the usual number and another.
func TestCalibrationRepeats(t *testing.T) {
	t.Setenv("NOMAD_VERSION", "")
	t.Setenv("CONSUL_VERSION", "")
	run := calibrationRun{
		chaosRun: &chaosRun{Options: Options{Seed: 7, Repeat: 1, Target: "calibrate"}}, outages: calibration.DefaultOutages,
	}
	if line := run.repeatLine(); line != "make calibrate SEED=7" {
		t.Errorf("the line is %q", line)
	}
	run.outages = 60
	if line := run.repeatLine(); line != "make calibrate SEED=7 OUTAGES=60" {
		t.Errorf("the line is %q", line)
	}
}
