package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
)

func cleanCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "clean",
		Usage: "remove what labs, runs and builds have left: on the engine (running labs included) and on this machine",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "images", Usage: "remove the built images too; the next run builds them again"},
			&cli.BoolFlag{Name: "reports", Usage: "remove the reports of all runs too"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			return run.Clean(ctx, out, command.Bool("images"), command.Bool("reports"))
		},
	}
}
