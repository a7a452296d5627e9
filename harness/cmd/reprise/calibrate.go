package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v3"
)

// The suite that calibrates, below scenarios, and how it is told how many outages to measure.
const (
	calibrationFolder = "internal/calibration"
	outagesVariable   = "REPRISE_OUTAGES"
	defaultOutages    = 1000
)

func calibrateCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "calibrate",
		Usage: "measure the error of the measurement",
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "seed", Usage: "make the outages that a run with the same `NUMBER` made (default: chosen at random)"},
			&cli.IntFlag{Name: "outages", Value: defaultOutages, Usage: "measure `COUNT` outages of known length"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			outages := command.Int("outages")
			if outages < 1 {
				return usage("measure %d outages: it has to be at least 1", outages)
			}
			chosen := choice{folders: []string{calibrationFolder}, repeat: 1, seed: chosenSeed(command)}
			run, end, err := chosen.prepare(ctx, out)
			if err != nil {
				return err
			}
			defer end()
			return (&calibrationRun{chaosRun: run, outages: outages}).all(ctx)
		},
	}
}

// A calibrationRun runs the one suite that calibrates. It leaves no drills: the link to the latest run
// stays where it is.
type calibrationRun struct {
	*chaosRun
	outages int
}

// repeatLine is one line that does the same again.
func (r *calibrationRun) repeatLine() string {
	line := r.commandLine("make calibrate")
	if r.outages != defaultOutages {
		line += fmt.Sprintf(" OUTAGES=%d", r.outages)
	}
	return line
}

// all runs the suite, then prints what it has found.
func (r *calibrationRun) all(ctx context.Context) error {
	if err := os.MkdirAll(r.runnerReports(), 0o755); err != nil {
		return fmt.Errorf("make the run's folder: %w", err)
	}
	fmt.Fprintf(r.out, "run %s, seed %d\nrepeat it with: %s\n\n", r.id, r.seed, r.repeatLine())
	signals, stop := interrupts()
	defer stop()
	const report = "calibration.json"
	process := suiteProcess{
		path: r.runner, folder: r.root, out: r.out, orphans: r.orphans(), held: r.held(), arguments: r.arguments(r.seed, report),
		environment: append(r.environment(r.seed, ""), outagesVariable+"="+strconv.Itoa(r.outages)),
	}
	interrupted, err := process.run(signals)
	problems := errors.Join(err, r.outcome.add(filepath.Join(r.runnerReports(), report), "", nil), r.tidy(ctx))
	problems = errors.Join(problems, r.table())
	if problems != nil {
		fmt.Fprintf(r.out, "reprise: %v\n", problems)
	}
	if problem := r.verdict(interrupted); problem != "" {
		fmt.Fprintf(r.out, "reprise: %s\n", problem)
		problems = errors.Join(problems, errRed)
	}
	if problems != nil {
		return errRed
	}
	return nil
}

// verdict says what keeps the run from being good.
func (r *calibrationRun) verdict(interrupted bool) string {
	switch {
	case interrupted:
		return "interrupted: not everything was measured"
	case len(r.outcome.failures) > 0:
		return "a promised number does not hold, or it could not be measured: " + r.outcome.failures[0].Message
	case r.outcome.passed == 0:
		return "nothing was measured"
	}
	return ""
}

// table prints the figures. A suite that failed before it had any has said so already.
func (r *calibrationRun) table() error {
	path := filepath.Join(r.folder(), calibrationFile)
	if !exists(path) {
		return nil
	}
	found, err := readCalibration(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\n%s\nreport: %s\nrepeat: %s\n", found.markdown(), path, r.repeatLine())
	return nil
}
