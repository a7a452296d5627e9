package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/selftest/calibration"
)

// calibrationFolder is the suite that calibrates.
const calibrationFolder = repository.Selftests + "calibration"

// Calibrate measures so many outages of known length, and prints what the measurement was off by.
func Calibrate(ctx context.Context, out io.Writer, seed int64, outages int) error {
	if outages < 1 {
		return usage.Errorf("measure %d outages: it has to be at least 1", outages)
	}
	chosen := Options{
		Folders: []string{calibrationFolder}, Repeat: 1, Seed: seed, Target: "calibrate",
		more: []string{calibration.OutagesVariable + "=" + strconv.Itoa(outages)},
	}
	run, end, err := chosen.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer end()
	return (&calibrationRun{chaosRun: run, outages: outages}).all(ctx)
}

// A calibrationRun runs the one suite that calibrates. It leaves no drills: the link to the latest run
// stays where it is.
type calibrationRun struct {
	*chaosRun
	outages int
}

// repeatLine is one line that does the same again.
func (r *calibrationRun) repeatLine() string {
	line := r.repeatCommand()
	if r.outages != calibration.DefaultOutages {
		line += fmt.Sprintf(" OUTAGES=%d", r.outages)
	}
	return line
}

// all runs the suite, then prints what it has found.
func (r *calibrationRun) all(ctx context.Context) error {
	var chosen plan
	remove, err := r.prepared(ctx, r.repeatLine(), func(ctx context.Context) (_ []plan, err error) {
		chosen, err = r.plan(ctx, r.Seed, "")
		return []plan{chosen}, err
	})
	if err != nil {
		return err
	}
	defer remove()
	signals, stop := interrupts()
	defer stop()
	results, err := r.runSuites(chosen, false, "calibration", r.Seed, "", signals)
	interrupted := false
	for _, result := range results {
		interrupted = interrupted || result.interrupted
		r.outcome.add(result, "", nil)
	}
	problems := errors.Join(err, r.tidy(ctx), r.table())
	if problems != nil {
		fmt.Fprintf(r.out, "reprise: %v\n", problems)
	}
	if problem := r.verdict(interrupted); problem != "" {
		fmt.Fprintf(r.out, "reprise: %s\n", problem)
		problems = errors.Join(problems, ErrRed)
	}
	return r.outcome.red(problems)
}

// verdict says what keeps the run from being good.
func (r *calibrationRun) verdict(interrupted bool) string {
	switch {
	case interrupted:
		return "interrupted: not everything was measured"
	case len(r.outcome.Failures) > 0:
		first := r.outcome.Failures[0]
		return "a promised number does not hold, or it could not be measured: " + strings.TrimSpace(first.Message+"\n"+first.Output)
	case r.outcome.Passed == 0:
		return "nothing was measured"
	}
	return ""
}

// table prints the figures. A suite that failed before it had any has said so already.
func (r *calibrationRun) table() error {
	path := filepath.Join(r.folder(), filepath.FromSlash(calibration.File))
	if !repository.Exists(path) {
		return nil
	}
	found, err := calibration.Read(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\n%s\nreport: %s\nrepeat: %s\n", found.Markdown(), path, r.repeatLine())
	return nil
}
