package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

func doctorCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "doctor",
		Usage:        "say what this machine lacks for drills, and what to do about it",
		OnUsageError: noUsageText,
		ArgsUsage:    packagesUsage,
		Before:       onlyPackages,
		Action: func(ctx context.Context, command *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			findings, err := run.Doctor(ctx, out, command.Args().Slice())
			if err != nil {
				return err
			}
			return tell(out, findings)
		},
	}
}

// tell prints a line per finding. Only what keeps every drill from running is an error.
func tell(out io.Writer, findings []doctor.Finding) error {
	for _, finding := range findings {
		line := fmt.Sprintf("%-8s %-13s %s", finding.Health, finding.Subject, finding.Detail)
		if finding.Advice != "" {
			line += ": " + finding.Advice
		}
		fmt.Fprintln(out, line)
	}
	if slices.ContainsFunc(findings, func(finding doctor.Finding) bool { return finding.Health == doctor.Missing }) {
		return fmt.Errorf("no drill can run here: see the lines that say %q", doctor.Missing)
	}
	return nil
}
