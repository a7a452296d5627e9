package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/reports"
)

func verdictsCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "verdicts",
		Usage: "judge drills whose outcome is known, half of them broken on purpose",
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "seed", Usage: "draw the drills that a run with the same `NUMBER` drew (default: chosen at random)"},
			&cli.StringFlag{Name: "focus", Usage: "run the drills whose text matches the regular `EXPRESSION`"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			return judgeKnown(ctx, out, chosenSeed(command), command.String("focus"))
		},
	}
}

// judgeKnown runs the drills whose outcome is known, those whose text matches the focus, and counts which were judged rightly. Only
// that decides, once every chosen drill has run and left its record: a drill that the machine kept from being judged is red in
// the run's report, and no false verdict.
func judgeKnown(ctx context.Context, out io.Writer, seed int64, focus string) error {
	chosen := options{
		focus: focus, repeat: 1, seed: seed, folders: []string{selftests + verdictsScenario}, target: verdictsScenario,
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
	if ran != nil && !errors.Is(ran, errRed) {
		return ran
	}
	records, err := reports.ReadRecords(r.folder())
	if err != nil {
		return err
	}
	counted := countVerdicts(records)
	fmt.Fprintf(r.out, "\n%s\n%s\n", counted.text(), counted.sentence())
	err = counted.verdict(r.focus == "", r.outcome.selected)
	if errors.Is(ran, errIncomplete) {
		err = errors.Join(err, errIncomplete)
	}
	return err
}
