package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/readme"
)

func readmeCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "readme",
		Usage: "put the figures of the newest runs into " + readme.Page + " of a clone of Reprise",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "the `NAME` of the run whose drills are shown, as its folder in reports/out (default: " +
				"of each scenario, the newest run with the most of its specs)"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(_ context.Context, command *cli.Command) error {
			return readme.Write(out, command.String("run"))
		},
	}
}
