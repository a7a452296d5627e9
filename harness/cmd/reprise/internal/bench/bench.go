//go:build bench

package bench

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

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/leftovers"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
	"github.com/reprise-dr/reprise/reports"
)

// servers is how many servers of each product the measured cluster has.
const servers = 3

// The defaults of the flags: what the project's targets are stated for.
const (
	DefaultRuns   = 5  // of the lab, and of its floor
	DefaultFaults = 50 // of each kind
	DefaultStarts = 10 // of labs in a row that may leave nothing behind
)

// closeLimit bounds taking one lab away.
const closeLimit = 2 * time.Minute

// Options are how often a bench does what it measures. All counts have to be positive.
type Options struct {
	Runs      int    // of the lab and of its floor, by turns, and of a Kubernetes node
	Faults    int    // of each kind, and as many fingerprints
	Starts    int    // of labs, at least, before looking for leftovers
	Elections int    // in each arm
	Failovers int    // of each kind, with each setting
	Only      string // the part that is measured, see [KnowsPart]; "" means all but those that the others leave out
	Keep      bool   // leave the last lab running
}

// Measure measures what was asked for, prints it and leaves a report below the repository's runs.
func Measure(ctx context.Context, out io.Writer, chosen Options) error {
	cluster := fixtures.NomadConsul(servers)
	return (&bench{
		Options: chosen, out: out, run: "bench-" + module.NewRun(time.Now()), cluster: cluster, floor: fixtures.FloorOf(cluster),
		kubernetes: fixtures.K3sCluster(1, 0), machines: fixtures.Drift(),
	}).measure(ctx)
}

// KnowsPart tells whether there is a part of that name.
func KnowsPart(name string) bool { return partNamed(name) != nil }

// A bench measures the harness, everything in one go, so that what is compared met the same machine.
type bench struct {
	Options
	out     io.Writer
	run     string // label of all labs
	cluster harness.Topology
	floor   fixtures.Floor

	kubernetes harness.Topology // one node
	machines   harness.Topology // as a provider installs them

	started int             // labs so far
	kills   []time.Duration // what `docker kill` took
	report  Report
}

// measure does it all and writes the report. A target that is missed is a figure; only what could
// not be measured is an error.
func (b *bench) measure(ctx context.Context) error {
	folder, err := reportFolder()
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
	lock, err := turn.Take(ctx, connection, engine.Exclusive, run.Doing(), image.Plain(b.out))
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := image.Prepare(ctx, connection, image.Plain(b.out), b.topologies()...); err != nil {
		return err
	}
	b.report = newReport(time.Now())
	stocked := func(ctx context.Context) (engine.Inventory, error) { return engine.TakeInventory(ctx, connection) }
	before, err := leftovers.Take(ctx, stocked)
	if err != nil {
		return err
	}
	for _, measure := range b.chosen() {
		if err := measure(b, ctx); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	left, err := leftovers.Await(ctx, stocked, before, b.run)
	if err != nil {
		return err
	}
	b.report.add(leftoverFigures(left, b.started)...)
	return b.publish(folder)
}

// A part of the bench measures one thing.
type part func(*bench, context.Context) error

// partNamed is the part of a name; nil when there is none.
func partNamed(name string) part {
	return map[string]part{
		"ready": (*bench).measureReady, "faults": (*bench).measureFaults, "ledger": (*bench).measureLedger, "k3s": (*bench).measureK3s,
		"fingerprint": (*bench).measureFingerprint,
		"failover":    (*bench).measureFailover,
		"ganeti":      (*bench).measureGaneti,
		"pair":        (*bench).measurePair,
	}[name]
}

// chosen are the parts that were asked for.
func (b *bench) chosen() []part {
	if b.Only != "" {
		return []part{partNamed(b.Only)}
	}
	return []part{
		(*bench).measureReady, (*bench).measureFaults, (*bench).measureLedger, (*bench).measureK3s,
		(*bench).measureFingerprint, (*bench).startMore,
	}
}

// topologies are those that the parts make labs of.
func (b *bench) topologies() []harness.Topology {
	switch b.Only {
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

// reportFolder is where reports of benches are kept.
func reportFolder() (string, error) {
	root, err := module.Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(module.RunsFolder(root), "bench"), nil
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
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		if b.Keep && b.started == b.allStarts() {
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
	switch b.Only {
	case "":
		return max(3*b.Runs+4, b.Starts)
	case "k3s":
		return b.Runs + 1
	case "failover":
		return len(fixtures.RouterTunings())
	case "ganeti", "pair":
		return b.Runs
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
