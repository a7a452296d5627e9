package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/reports"
)

// benchServers is how many servers of each product the measured cluster has.
const benchServers = 3

// The defaults of the flags: what the project's targets are stated for.
const (
	benchRuns   = 5  // of the lab, and of its floor
	benchFaults = 50 // of each kind
	benchStarts = 10 // of labs in a row that may leave nothing behind
)

// benchCloseLimit bounds taking one lab away.
const benchCloseLimit = 2 * time.Minute

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
				Name: "runs", Value: benchRuns,
				Usage: "start the lab and its floor `N` times each, by turns, and as often a Kubernetes node", Validator: positive,
			},
			&cli.IntFlag{
				Name: "faults", Value: benchFaults, Usage: "inject each fault `N` times, and take as many fingerprints",
				Validator: positive,
			},
			&cli.IntFlag{
				Name: "starts", Value: benchStarts, Usage: "start and stop at least `N` labs before looking for leftovers",
				Validator: positive,
			},
			&cli.IntFlag{
				Name: "elections", Value: benchElections,
				Usage: "kill the leader of a Consul cluster `N` times with a ledger and without", Validator: positive,
			},
			&cli.IntFlag{
				Name: "failovers", Value: benchFailovers,
				Usage:     "with --only failover, have routers fail over `N` times in each way with each setting, fewer with slow ones",
				Validator: positive,
			},
			&cli.StringFlag{Name: "only", Usage: "measure one `PART` only: ready, faults, ledger, k3s or fingerprint; or failover, " +
				"ganeti or pair, which the others leave out", Validator: func(part string) error {
				if !knowsPart(part) {
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
			return measureHarness(ctx, out, benchOptions{
				runs: command.Int("runs"), faults: command.Int("faults"), starts: command.Int("starts"), keep: command.Bool("keep"),
				elections: command.Int("elections"), failovers: command.Int("failovers"), only: command.String("only"),
			})
		},
	}
}

// benchOptions are how often a bench does what it measures. All counts have to be positive.
type benchOptions struct {
	runs      int    // of the lab and of its floor, by turns, and of a Kubernetes node
	faults    int    // of each kind, and as many fingerprints
	starts    int    // of labs, at least, before looking for leftovers
	elections int    // in each arm
	failovers int    // of each kind, with each setting
	only      string // the part that is measured, see [knowsPart]; "" means all but those that the others leave out
	keep      bool   // leave the last lab running
}

// measureHarness measures what was asked for, prints it and leaves a report below the repository's runs.
func measureHarness(ctx context.Context, out io.Writer, chosen benchOptions) error {
	cluster := fixtures.NomadConsul(benchServers)
	return (&bench{
		benchOptions: chosen, out: out, run: "bench-" + newRun(time.Now()), cluster: cluster, floor: fixtures.FloorOf(cluster),
		kubernetes: fixtures.K3sCluster(1, 0), machines: fixtures.Drift(),
	}).measure(ctx)
}

// knowsPart tells whether there is a part of that name.
func knowsPart(name string) bool { return benchPart(name) != nil }

// A bench measures the harness, everything in one go, so that what is compared met the same machine.
type bench struct {
	benchOptions
	out     io.Writer
	run     string // label of all labs
	cluster harness.Topology
	floor   fixtures.Floor

	kubernetes harness.Topology // one node
	machines   harness.Topology // as a provider installs them

	started int             // labs so far
	kills   []time.Duration // what `docker kill` took
	report  benchReport
}

// measure does it all and writes the report. A target that is missed is a figure; only what could
// not be measured is an error.
func (b *bench) measure(ctx context.Context) error {
	folder, err := benchFolder()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("docker"); err != nil {
		return fmt.Errorf("measure `docker kill` and `docker pause`: %w: install the docker command", err)
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	lock, err := takeTurn(ctx, connection, engine.Exclusive, b.out)
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := image.Prepare(ctx, connection, image.Plain(b.out), b.topologies()...); err != nil {
		return err
	}
	b.report = newBenchReport(time.Now())
	stocked := func(ctx context.Context) (engine.Inventory, error) { return engine.TakeInventory(ctx, connection) }
	before, err := takeStock(ctx, stocked)
	if err != nil {
		return err
	}
	for _, measure := range b.parts() {
		if err := measure(b, ctx); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	left, err := whatIsLeft(ctx, stocked, before, b.run)
	if err != nil {
		return err
	}
	b.report.add(leftoverFigures(left, b.started)...)
	return b.publish(folder)
}

// A part of the bench measures one thing.
type part func(*bench, context.Context) error

// benchPart is the part of a name; nil when there is none.
func benchPart(name string) part {
	return map[string]part{
		"ready": (*bench).measureReady, "faults": (*bench).measureFaults, "ledger": (*bench).measureLedger, "k3s": (*bench).measureK3s,
		"fingerprint": (*bench).measureFingerprint,
		"failover":    (*bench).measureFailover,
		"ganeti":      (*bench).measureGaneti,
		"pair":        (*bench).measurePair,
	}[name]
}

// parts are those that were asked for.
func (b *bench) parts() []part {
	if b.only != "" {
		return []part{benchPart(b.only)}
	}
	return []part{
		(*bench).measureReady, (*bench).measureFaults, (*bench).measureLedger, (*bench).measureK3s,
		(*bench).measureFingerprint, (*bench).startMore,
	}
}

// topologies are those that the parts make labs of.
func (b *bench) topologies() []harness.Topology {
	switch b.only {
	case "":
		return []harness.Topology{b.cluster, b.floor.Machine, b.kubernetes, b.machines}
	case "k3s":
		return []harness.Topology{b.kubernetes}
	case "fingerprint":
		return []harness.Topology{b.machines}
	case "failover":
		return []harness.Topology{fixtures.Routers(fixtures.RoutersAsTheyWere())}
	case "ganeti":
		return []harness.Topology{fixtures.Ganeti(ganetiNodes)}
	case "pair":
		return []harness.Topology{fixtures.GanetiPair()}
	}
	return []harness.Topology{b.cluster, b.floor.Machine}
}

// benchFolder is where reports of benches are kept.
func benchFolder() (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(runsFolder(root), "bench"), nil
}

// publish prints the report and keeps it, for people and for programs.
func (b *bench) publish(folder string) error {
	b.report.Duration = time.Since(b.report.Started)
	fmt.Fprint(b.out, "\n"+b.report.text())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	record, err := b.report.json()
	if err != nil {
		return err
	}
	name := filepath.Join(folder, b.report.Started.UTC().Format("20060102-150405"))
	for path, content := range map[string][]byte{name + ".json": record, name + ".md": []byte(b.report.markdown())} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	fmt.Fprintf(b.out, "\n%s.md, %[1]s.json\n", name)
	return nil
}

// withLab starts a lab, uses it, and takes it away whatever happened.
func (b *bench) withLab(ctx context.Context, topology harness.Topology, use func(context.Context, *lab.Lab) error) (err error) {
	cluster, err := lab.Start(ctx, topology, lab.Options{Run: b.run})
	if err != nil {
		return err
	}
	b.started++
	defer func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), benchCloseLimit)
		defer cancel()
		if b.keep && b.started == b.allStarts() {
			err = errors.Join(err, cluster.Keep(limited))
		}
		err = errors.Join(err, cluster.Close(limited))
	}()
	return use(ctx, cluster)
}

// allStarts is how many labs are started in all: those that are measured, one for faults, one for
// the ledger, one that warms Kubernetes up, one for fingerprints, and as many more as were asked for. With one part only, the
// first one is kept, unless the part can keep its last one.
func (b *bench) allStarts() int {
	switch b.only {
	case "":
		return max(3*b.runs+4, b.starts)
	case "k3s":
		return b.runs + 1
	case "failover":
		return len(fixtures.RouterTunings())
	case "ganeti", "pair":
		return b.runs
	}
	return 1
}

// startMore starts and stops labs until there were enough for leftovers to show.
func (b *bench) startMore(ctx context.Context) error {
	for b.started < b.allStarts() {
		began := time.Now()
		if err := b.withLab(ctx, b.cluster, func(context.Context, *lab.Lab) error { return nil }); err != nil {
			return err
		}
		b.say("lab %d of %d started and stopped: %s", b.started, b.allStarts(), reports.FormatDuration(time.Since(began)))
	}
	return nil
}

// say prints a line of progress.
func (b *bench) say(format string, arguments ...any) {
	fmt.Fprintln(b.out, strings.TrimRight(fmt.Sprintf(format, arguments...), "\n"))
}
