package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
)

func imagesCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "images",
		Usage:        "pull or build every image that drills use",
		ArgsUsage:    packagesUsage,
		OnUsageError: noUsageText,
		Before:       onlyPackages,
		Action: func(ctx context.Context, command *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			return run.Images(ctx, out, command.Args().Slice())
		},
	}
}
