package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// superviseCommand is not for people: see package supervise.
func superviseCommand() *cli.Command {
	return &cli.Command{
		Name:            supervise.Command,
		Usage:           "run a program that ends with whoever started this",
		Hidden:          true,
		SkipFlagParsing: true, // whoever starts it and who reads its arguments are one package
		Action: func(ctx context.Context, command *cli.Command) error {
			return run.Supervise(ctx, command.Args().Slice())
		},
	}
}
