package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// orphanGrace is how long suites whose command is gone may take to close their labs before they are killed: a lab
// that is left then ends with the leases of its agents, and all of it within a lease and ten seconds.
const orphanGrace = supervise.OrphanGrace

// becomeSupervisor has everything that this process starts from now on supervised by its own program.
func becomeSupervisor() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the reprise program: %w", err)
	}
	if err := os.Setenv(supervise.ProgramVariable, path); err != nil {
		return fmt.Errorf("name the program that supervises: %w", err)
	}
	return nil
}

// superviseCommand is not for people: see package supervise.
func superviseCommand() *cli.Command {
	return &cli.Command{
		Name:   supervise.Command,
		Usage:  "run a program that ends with whoever started this",
		Hidden: true,
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "grace", Usage: "interrupt the program first, and kill it `TIME` later"},
			&cli.StringFlag{Name: "temporary", Usage: "remove the `FOLDER` in the starter's place"},
			&cli.StringFlag{Name: "compiled", Usage: "remove the `FOLDER` of the compiled suites in the starter's place"},
			&cli.StringFlag{Name: "run", Usage: "remove the labs of the run with the `NAME` in the starter's place"},
		},
		OnUsageError: noUsageText,
		Action: func(ctx context.Context, command *cli.Command) error {
			if !command.Args().Present() {
				return usage("reprise %s runs programs for reprise itself: it needs one", supervise.Command)
			}
			result, err := supervise.Run(command.Args().Slice(), supervise.Options{
				Grace: command.Duration("grace"), Temporary: command.String("temporary"),
			})
			if result.Orphan && command.String("compiled") != "" {
				err = errors.Join(err, os.RemoveAll(command.String("compiled")))
			}
			if result.Orphan && command.String("run") != "" {
				err = errors.Join(err, tidyOrphan(ctx, command.String("run")))
			}
			if err != nil {
				return err
			}
			supervise.Exit(result.State)
			return nil
		},
	}
}

// tidyOrphan removes what the suites of a run have left whose command is gone.
func tidyOrphan(ctx context.Context, run string) error {
	limited, cancel := context.WithTimeout(ctx, tidyLimit)
	defer cancel()
	for {
		connection, err := engine.Connect(limited)
		if err == nil {
			defer connection.Close()
			_, err = engine.CleanRun(limited, connection, run)
			return err
		}
		select { // it may come back, and nobody else is left
		case <-limited.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}
