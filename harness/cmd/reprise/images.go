package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
)

// processorsPerBuild is how many a compiler keeps busy before a second build beside it gains more
// than it takes in memory.
const processorsPerBuild = 4

func imagesCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:         "images",
		Usage:        "pull or build every image that drills use",
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, _ *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			connection, err := engine.Connect(ctx)
			if err != nil {
				return err
			}
			defer connection.Close()
			lock, err := turn.Take(ctx, connection, engine.Shared, run.Doing(), image.Plain(out))
			if err != nil {
				return err
			}
			defer lock.Release()
			wanted := allImages()
			references, err := image.Resolve(ctx, connection, wanted, max(1, runtime.NumCPU()/processorsPerBuild), image.Plain(out))
			if err != nil {
				return err
			}
			for index, image := range wanted {
				fmt.Fprintf(out, "%-22s %s\n", image, references[index])
			}
			return nil
		},
	}
}

// allImages are those of the fixtures and the agent's.
func allImages() []harness.Image {
	return append([]harness.Image{image.Agent()}, fixtures.Images()...)
}
