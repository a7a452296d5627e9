package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
)

func reproCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:      "repro",
		Usage:     "replay one postmortem: the bad versions fail as they did, the runbook works",
		ArgsUsage: packagesUsage,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "id", Usage: "the postmortem's `ID`: its date and name, such as 2020-01-20-ip-renumbering"},
		},
		OnUsageError: noUsageText,
		Before:       onlyPackages,
		Action: func(ctx context.Context, command *cli.Command) error {
			return run.Repro(ctx, out, command.String("id"), command.Args().Slice())
		},
	}
}
