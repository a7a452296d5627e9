package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// orphanGrace is how long suites whose command is gone may take to close their labs before they are killed: a lab
// that is left then ends with the leases of its agents, and all of it within a lease and ten seconds.
const orphanGrace = supervise.OrphanGrace

// BecomeSupervisor has everything that this process starts from now on supervised by its own program.
func BecomeSupervisor() error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the reprise program: %w", err)
	}
	if err := os.Setenv(supervise.ProgramVariable, path); err != nil {
		return fmt.Errorf("name the program that supervises: %w", err)
	}
	return nil
}

// Supervise runs a program that ends with whoever started this process, and ends this process as the program ended. The
// arguments are those that package supervise and [suiteProcess] give, then the program's.
func Supervise(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet(supervise.Command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	grace := flags.Duration("grace", 0, "interrupt the program first, and kill it so much later")
	temporary := flags.String("temporary", "", "remove the folder in the starter's place")
	compiled := flags.String("compiled", "", "remove the folder of the compiled suites in the starter's place")
	run := flags.String("run", "", "remove the labs of the run with the name in the starter's place")
	if err := flags.Parse(arguments); err != nil || flags.NArg() == 0 {
		return usage.Errorf("reprise %s runs programs for reprise itself: it needs one", supervise.Command)
	}
	result, err := supervise.Run(flags.Args(), supervise.Options{Grace: *grace, Temporary: *temporary})
	if result.Orphan && *compiled != "" {
		err = errors.Join(err, os.RemoveAll(*compiled))
	}
	if result.Orphan && *run != "" {
		err = errors.Join(err, tidyOrphan(ctx, *run))
	}
	if err != nil {
		return err
	}
	supervise.Exit(result.State)
	return nil
}

// tidyOrphan removes what the suites of a run have left whose command is gone.
func tidyOrphan(ctx context.Context, run string) error {
	limited, cancel := context.WithTimeout(ctx, TidyLimit)
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
