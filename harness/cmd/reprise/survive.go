package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/survive"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

func surviveCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "survive",
		Usage: "break runs of a small drill off in every way, and prove that nothing outlives them and none is green",
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "seed", Usage: "break off at the moments that a proof with the same `NUMBER` did (default: chosen at " +
				"random)"},
			&cli.IntFlag{Name: "moments", Value: survival.Moments, Usage: "break off at `COUNT` moments"},
			&cli.StringFlag{Name: "only", Usage: "break off at the moments with this `NUMBER`, or whose text, such as 'repair: " +
				"SIGHUP', holds it"},
			&cli.StringFlag{Name: "drill", Hidden: true, Usage: "be the run that is broken off, in a folder below this `PATH`"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			if runs := command.String("drill"); runs != "" {
				return survive.Drill(ctx, out, runs, chosenSeed(command))
			}
			ctx, stop := interruptible(ctx)
			defer stop()
			return survive.Prove(ctx, out, chosenSeed(command), command.Int("moments"), command.String("only"))
		},
	}
}
