package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/words"
	"github.com/reprise-dr/reprise/reports"
)

func rejudgeCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "rejudge",
		Usage:        "judge records again and compare with the verdicts they hold",
		ArgsUsage:    "RECORD.json|FOLDER ...",
		OnUsageError: noUsageText,
		Action: func(_ context.Context, command *cli.Command) error {
			paths := command.Args().Slice()
			if len(paths) == 0 {
				return usage.Errorf("judge which records? name files or folders of them, such as reports/out/latest")
			}
			return rejudge(out, paths)
		},
	}
}

// rejudge prints a line per record, and what differs below it.
func rejudge(out io.Writer, paths []string) error {
	again, err := reports.Rejudge(paths...)
	if err != nil {
		return err
	}
	changed := 0
	for _, one := range again {
		fmt.Fprintf(out, "%-12s %s\n", one.Now.Verdict, words.Escaped(one.Path))
		if len(one.Differences) > 0 {
			changed++
			fmt.Fprintf(out, "  %s\n", words.EscapedLines(strings.Join(one.Differences, "\n  ")))
		}
	}
	if changed > 0 {
		return fmt.Errorf("judge again: %d of %d records are judged differently now", changed, len(again))
	}
	fmt.Fprintf(out, "all %d judged as before\n", len(again))
	return nil
}
