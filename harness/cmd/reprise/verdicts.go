package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
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
			return run.Verdicts(ctx, out, chosenSeed(command), command.String("focus"))
		},
	}
}
