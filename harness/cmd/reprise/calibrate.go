package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/selftest/calibration"
)

func calibrateCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "calibrate",
		Usage: "measure the error of the measurement",
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "seed", Usage: "make the outages that a run with the same `NUMBER` made (default: chosen at random)"},
			&cli.IntFlag{Name: "outages", Value: calibration.DefaultOutages, Usage: "measure `COUNT` outages of known length"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			return run.Calibrate(ctx, out, chosenSeed(command), command.Int("outages"))
		},
	}
}
