package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
)

func chaosCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:      "chaos",
		Usage:     "run drills and leave a report",
		ArgsUsage: packagesUsage,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "labels", Usage: "run the specs whose labels fit the `EXPRESSION`, such as 'renumbering && !nightly'"},
			&cli.StringFlag{Name: "focus", Usage: "run the specs whose text matches the regular `EXPRESSION`"},
			&cli.Int64Flag{Name: "seed", Usage: "order the specs as a run with the same `NUMBER` did (default: chosen at random)"},
			&cli.IntFlag{Name: "repeat", Value: 1, Usage: "run everything `TIMES` times, each with the next seed; failures do not end it"},
			&cli.BoolFlag{Name: "phase", Usage: "put every fault off by up to 2 s, drawn from the seed, as --repeat does"},
			&cli.BoolFlag{Name: "keep", Usage: "leave the lab of a failed spec running for a look inside, and skip those that follow"},
			&cli.StringFlag{Name: "out", Usage: "leave the run in a folder of its own below `FOLDER` (default: reports/out of the module)"},
		},
		OnUsageError: noUsageText,
		Before:       onlyPackages,
		Action: func(ctx context.Context, command *cli.Command) error {
			chosen := run.Options{
				Labels: command.String("labels"), Focus: command.String("focus"), Repeat: command.Int("repeat"),
				Keep: command.Bool("keep"), Phase: command.Bool("phase"), Seed: chosenSeed(command),
				Packages: command.Args().Slice(), Runs: command.String("out"),
			}
			return run.Chaos(ctx, out, chosen)
		},
	}
}

// chosenSeed is the seed that the command line names, or else a random one.
func chosenSeed(command *cli.Command) int64 {
	if command.IsSet("seed") {
		return command.Int64("seed")
	}
	return run.NewSeed()
}
