package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/reports"
)

// verdictsScenario is the folder of the drills whose outcome is known, and the scenario of their records.
const verdictsScenario = "verdicts"

// knownDrills is how many drills with a known outcome a whole run has.
const knownDrills = 50

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
			chosen := options{
				focus: command.String("focus"), repeat: 1, seed: chosenSeed(command),
				folders: []string{selftests + verdictsScenario}, target: verdictsScenario,
			}
			return verdicts(ctx, out, chosen)
		},
	}
}

// verdicts runs the drills and counts which were judged rightly. Only that decides, once every chosen drill has run and left its
// record: a drill that the machine kept from being judged is red in the run's report, and no false verdict.
func verdicts(ctx context.Context, out io.Writer, chosen options) error {
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

// newestVerdicts finds the newest run with at least so many drills whose outcome is known, and counts them.
func newestVerdicts(root string, atLeast int) (run string, counted verdictCount, err error) {
	entries, err := os.ReadDir(runsFolder(root)) // sorted by name, which is by time
	if err != nil {
		return "", nil, fmt.Errorf("look for a run of reprise verdicts: %w", err)
	}
	for _, entrie := range slices.Backward(entries) {
		if !entrie.IsDir() {
			continue // "latest" is a link
		}
		records, err := reports.ReadRecords(filepath.Join(runsFolder(root), entrie.Name()))
		if err != nil {
			continue // the folder of something else, such as a bench
		}
		if counted := countVerdicts(records); counted.total().drills >= atLeast {
			return entrie.Name(), counted, nil
		}
	}
	return "", nil, fmt.Errorf("no run has %d drills with a known outcome: run make verdicts first", atLeast)
}
