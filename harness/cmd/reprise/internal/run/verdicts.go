package run

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/selftest/verdicts"
	"github.com/reprise-dr/reprise/reports"
)

// Verdicts runs the drills whose outcome is known, those whose text matches the focus, and counts which were judged rightly. Only
// that decides, once every chosen drill has run and left its record: a drill that the machine kept from being judged is red in
// the run's report, and no false verdict.
func Verdicts(ctx context.Context, out io.Writer, seed int64, focus string) error {
	chosen := Options{
		Focus: focus, Repeat: 1, Seed: seed, Folders: []string{repository.Selftests + verdicts.Scenario}, Target: verdicts.Scenario,
	}
	run, end, err := chosen.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer end()
	return run.judgeKnown(ctx)
}

// judgeKnown makes the run, and counts what it left.
func (r *chaosRun) judgeKnown(ctx context.Context) error {
	ran := r.all(ctx)
	if ran != nil && !errors.Is(ran, ErrRed) {
		return ran
	}
	records, err := reports.ReadRecords(r.folder())
	if err != nil {
		return err
	}
	counted := verdicts.CountOf(records)
	fmt.Fprintf(r.out, "\n%s\n%s\n", counted.Text(), counted.Sentence())
	err = counted.Verdict(r.Focus == "", r.outcome.selected)
	if errors.Is(ran, errIncomplete) {
		err = errors.Join(err, errIncomplete)
	}
	return err
}
