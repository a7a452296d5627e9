package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/reports"
)

func cleanCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "clean",
		Usage: "remove every lab's containers, networks and volumes, running ones included",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "images", Usage: "remove the built images too; the next run builds them again"},
			&cli.BoolFlag{Name: "reports", Usage: "remove the reports of all runs too"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			err := cleanEngine(ctx, out, command.Bool("images"))
			err = errors.Join(err, cleanHidden(out))
			if command.Bool("reports") {
				err = errors.Join(err, cleanReports(out))
			}
			return err
		},
	}
}

// cleanEngine removes what labs have created and says what that was.
func cleanEngine(ctx context.Context, out io.Writer, images bool) error {
	engine, err := lab.Connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	removed, err := lab.Clean(ctx, engine)
	if images {
		built, imagesErr := lab.CleanImages(ctx, engine)
		removed.Images, err = built.Images, errors.Join(err, imagesErr)
	}
	if removed.Empty() && err == nil {
		fmt.Fprintln(out, "nothing to remove: no lab has left anything on the engine")
		return nil
	}
	fmt.Fprint(out, describeRemoved(removed))
	return err
}

// describeRemoved has a line per kind of thing.
func describeRemoved(removed lab.Removed) string {
	var text strings.Builder
	for _, kind := range []struct {
		noun  string
		names []string
	}{{"containers", removed.Containers}, {"networks", removed.Networks}, {"volumes", removed.Volumes}, {"images", removed.Images}} {
		if len(kind.names) > 0 {
			fmt.Fprintf(&text, "removed %d %s: %s\n", len(kind.names), kind.noun, strings.Join(kind.names, " "))
		}
	}
	return text.String()
}

// cleanHidden removes what runs that were killed have left beside their records.
func cleanHidden(out io.Writer) error {
	root, err := repositoryRoot()
	if err != nil {
		return nil //nolint:nilerr // outside of a repository there are no runs
	}
	removed, err := reports.Sweep(runsFolder(root))
	if len(removed) > 0 {
		fmt.Fprintf(out, "removed %d unfinished files of runs that were killed\n", len(removed))
	}
	return err
}

// cleanReports removes the folders of all runs.
func cleanReports(out io.Writer) error {
	root, err := repositoryRoot()
	if err != nil {
		return err
	}
	folder := runsFolder(root)
	runs, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list the reports: %w", err)
	}
	for _, run := range runs {
		if err := os.RemoveAll(filepath.Join(folder, run.Name())); err != nil {
			return fmt.Errorf("remove the report %s: %w", run.Name(), err)
		}
	}
	fmt.Fprintf(out, "removed %d reports from %s\n", len(runs), folder)
	return nil
}
