//go:build bench

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/bench"
)

// benchCommands is the one command that only a build with the tag bench has: it measures the harness itself.
func benchCommands(out io.Writer) []*cli.Command { return []*cli.Command{benchCommand(out)} }

func benchCommand(out io.Writer) *cli.Command {
	positive := func(value int) error {
		if value < 1 {
			return fmt.Errorf("%d is not positive", value)
		}
		return nil
	}
	return &cli.Command{
		Name: "bench",
		Usage: "measure the harness itself: start of a lab, faults, skew, the ledger, a Kubernetes node, fingerprints, what is " +
			"left behind",
		Flags: []cli.Flag{
			&cli.IntFlag{
				Name: "runs", Value: bench.DefaultRuns,
				Usage: "start the lab and its floor `N` times each, by turns, and as often a Kubernetes node", Validator: positive,
			},
			&cli.IntFlag{
				Name: "faults", Value: bench.DefaultFaults, Usage: "inject each fault `N` times, and take as many fingerprints",
				Validator: positive,
			},
			&cli.IntFlag{
				Name: "starts", Value: bench.DefaultStarts, Usage: "start and stop at least `N` labs before looking for leftovers",
				Validator: positive,
			},
			&cli.IntFlag{
				Name: "elections", Value: bench.DefaultElections,
				Usage: "kill the leader of a Consul cluster `N` times with a ledger and without", Validator: positive,
			},
			&cli.IntFlag{
				Name: "failovers", Value: bench.DefaultFailovers,
				Usage:     "with --only failover, have routers fail over `N` times in each way with each setting, fewer with slow ones",
				Validator: positive,
			},
			&cli.StringFlag{Name: "only", Usage: "measure one `PART` only: ready, faults, ledger, k3s or fingerprint; or failover, " +
				"ganeti or pair, which the others leave out", Validator: func(part string) error {
				if !bench.KnowsPart(part) {
					return fmt.Errorf("there is no part %q: it can be ready, faults, ledger, k3s, fingerprint, failover, ganeti or pair", part)
				}
				return nil
			}},
			&cli.BoolFlag{Name: "keep", Usage: "leave the last lab running, which must show as left behind; make clean removes it"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			ctx, stop := interruptible(ctx)
			defer stop()
			return bench.Measure(ctx, out, bench.Options{
				Runs: command.Int("runs"), Faults: command.Int("faults"), Starts: command.Int("starts"), Keep: command.Bool("keep"),
				Elections: command.Int("elections"), Failovers: command.Int("failovers"), Only: command.String("only"),
			})
		},
	}
}
