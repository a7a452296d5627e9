package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// arms are the control arms in the order in which they run, each with the place where it must go red.
var arms = []struct {
	name         contract.Arm
	title, place string
}{
	{contract.WithoutFault, "without fault", "Detect"},
	{contract.WithoutRunbook, "without runbook", "AwaitRecovery"},
}

// Controls runs the chosen specs once in each control arm: all have to go red.
func Controls(ctx context.Context, out io.Writer, chosen Options) error {
	chosen.Repeat, chosen.Target = 1, "controls"
	run, end, err := chosen.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer end()
	return (&controlsRun{chaosRun: run}).all(ctx)
}

// A controlsRun runs the chosen specs once in each control arm.
type controlsRun struct {
	*chaosRun
	found ControlsReport
}

// all runs both arms, then says which of them went red.
func (r *controlsRun) all(ctx context.Context) error {
	line := r.repeatCommand()
	plans := map[contract.Arm]plan{}
	remove, err := r.prepared(ctx, line, func(ctx context.Context) (_ []plan, err error) {
		for _, arm := range arms {
			r.control = arm.name
			if plans[arm.name], err = r.plan(ctx, r.Seed, ""); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(r.out, "%s\n\n", plans[arms[0].name].describe())
		return slices.Collect(maps.Values(plans)), nil
	})
	if err != nil {
		return err
	}
	defer remove()
	r.found = ControlsReport{
		Schema: controlsSchema, Command: line, Labels: r.Labels, Focus: r.Focus, Started: r.started.UTC().Truncate(time.Second),
		Specs: []ControlledSpec{},
	}
	signals, stop := interrupts()
	defer stop()
	var problems error
	for _, arm := range arms {
		problems = errors.Join(problems, r.arm(arm.name, arm.title, plans[arm.name], signals))
	}
	r.found.Took = time.Since(r.started).Round(time.Second)
	problems = errors.Join(problems, r.tidy(ctx), r.leave(line))
	if problems != nil {
		fmt.Fprintf(r.out, "reprise: %v\n", problems)
	}
	if problem := r.found.problem(); problem != "" {
		fmt.Fprintf(r.out, "reprise: %s\n", problem)
		problems = errors.Join(problems, ErrRed)
	}
	count := r.found.count()
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", count.red, count.notRed+len(r.found.Failures), count.notApplicable)
	if problems != nil {
		return ErrRed
	}
	return nil
}

// arm runs all chosen specs in one control arm; after an interrupt it only notes what never ran.
func (r *controlsRun) arm(name contract.Arm, title string, chosen plan, signals <-chan os.Signal) error {
	if !r.found.Interrupted {
		fmt.Fprintf(r.out, "control arm %s\n", title)
	}
	r.control = name
	results, err := r.runSuites(chosen, r.found.Interrupted, string(name), r.Seed, "", signals)
	for _, result := range results {
		r.found.Interrupted = r.found.Interrupted || result.interrupted
		r.found.add(result, name)
	}
	return err
}

// leave writes what the run found and prints it. The link to the latest run stays where it is: it leads
// to drills, and these are none.
func (r *controlsRun) leave(line string) error {
	path := filepath.Join(r.folder(), ControlsFile)
	err := writeControls(path, r.found)
	records, readErr := reports.ReadRecords(r.folder())
	err = errors.Join(err, readErr)
	if readErr == nil {
		err = errors.Join(err, r.page(line, records))
	}
	fmt.Fprintln(r.out)
	r.found.show(r.out)
	fmt.Fprintf(r.out, "\nreport: %s\nrepeat: %s\n", path, line)
	return err
}

// page draws the arms' records, for a person who wonders why one is not red.
func (r *controlsRun) page(line string, records []harness.Record) error {
	return reports.WritePage(r.folder(), reports.Run{
		ID: r.id, Command: line, Seed: r.Seed, Started: r.started, Duration: time.Since(r.started), Records: records,
		Failures: r.found.pageFailures(records),
	})
}
