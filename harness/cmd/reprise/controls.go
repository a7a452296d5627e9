package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
)

func controlsCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:      "controls",
		Usage:     "run every scenario without its fault and without its runbook: both must go red",
		ArgsUsage: packagesUsage,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "labels", Usage: "run the specs whose labels fit the `EXPRESSION`, such as 'renumbering && !nightly'"},
			&cli.StringFlag{Name: "focus", Usage: "run the specs whose text matches the regular `EXPRESSION`"},
			&cli.Int64Flag{Name: "seed", Usage: "order the specs as a run with the same `NUMBER` did (default: chosen at random)"},
			&cli.StringFlag{Name: "out", Usage: "leave the run in a folder of its own below `FOLDER` (default: reports/out of the module)"},
		},
		OnUsageError: noUsageText,
		Before:       onlyPackages,
		Action: func(ctx context.Context, command *cli.Command) error {
			chosen := run.Options{
				Labels: command.String("labels"), Focus: command.String("focus"), Seed: chosenSeed(command),
				Packages: command.Args().Slice(), Runs: command.String("out"),
			}
			return run.Controls(ctx, out, chosen)
		},
	}
}
