package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// Options are which specs a run is about and how it goes.
type options struct {
	labels, focus string
	seed          int64
	repeat        int
	keep          bool
	phase         bool     // put every fault off by a time drawn from the seed, as repeat does
	folders       []string // of suites, see suite; nil means every story
	target        string   // of the Makefile, by which the run is repeated; "" means chaos
	more          []string // environment of the suites that only some of them know
	runs          string   // folder that the run makes its own in; "" means that of all runs
}

// drawsPhase tells whether faults are put off: a run of several passes would otherwise strike at the
// same moment every time.
func (c options) drawsPhase() bool { return c.phase || c.repeat > 1 }

// newSeed draws a seed that is easy to copy.
func newSeed() int64 { return rand.Int64N(1_000_000) }

func chaosCommand(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "chaos",
		Usage: "run drills and leave a report",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "labels", Usage: "run the specs whose labels fit the `EXPRESSION`, such as 'renumbering && !nightly'"},
			&cli.StringFlag{Name: "focus", Usage: "run the specs whose text matches the regular `EXPRESSION`"},
			&cli.Int64Flag{Name: "seed", Usage: "order the specs as a run with the same `NUMBER` did (default: chosen at random)"},
			&cli.IntFlag{Name: "repeat", Value: 1, Usage: "run everything `TIMES` times, each with the next seed; failures do not end it"},
			&cli.BoolFlag{Name: "phase", Usage: "put every fault off by up to 2 s, drawn from the seed, as --repeat does"},
			&cli.BoolFlag{Name: "keep", Usage: "leave the lab of a failed spec running for a look inside"},
		},
		OnUsageError: noUsageText,
		Before:       noArguments,
		Action: func(ctx context.Context, command *cli.Command) error {
			chosen := options{
				labels: command.String("labels"), focus: command.String("focus"), repeat: command.Int("repeat"),
				keep: command.Bool("keep"), phase: command.Bool("phase"), seed: chosenSeed(command),
			}
			return chaos(ctx, out, chosen)
		},
	}
}

// chosenSeed is the seed that the command line names, or else a random one.
func chosenSeed(command *cli.Command) int64 {
	if command.IsSet("seed") {
		return command.Int64("seed")
	}
	return newSeed()
}

// check says what is wrong with the options before anything is started.
func (c options) check(known catalog) error {
	if err := known.checkLabels(c.labels); err != nil {
		return err
	}
	if _, err := regexp.Compile(c.focus); err != nil {
		return usage("read the focus %q: %w", c.focus, err)
	}
	if c.repeat < 1 {
		return usage("repeat %d times: it has to be at least 1", c.repeat)
	}
	return nil
}

// chaos runs the chosen specs and leaves a report in a folder of its own.
func chaos(ctx context.Context, out io.Writer, chosen options) error {
	run, end, err := chosen.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer end()
	return run.all(ctx)
}

// prepare makes a run of the options, which end lets go of. Whatever would keep it from running is an
// error now.
func (c options) prepare(ctx context.Context, out io.Writer) (run *chaosRun, end func(), err error) {
	root, err := repositoryRoot()
	if err != nil {
		return nil, nil, err
	}
	known, err := readCatalog(root)
	if err != nil {
		return nil, nil, err
	}
	if err := c.check(known); err != nil {
		return nil, nil, err
	}
	if c.folders == nil {
		c.folders = known.chosen(c.labels)
	}
	if len(c.folders) == 0 {
		return nil, nil, usage("no spec carries labels that fit %q: nothing would be checked", c.labels)
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	lock, err := takeTurn(ctx, connection, engine.Exclusive, out)
	if err != nil {
		connection.Close()
		return nil, nil, err
	}
	end = func() { lock.Release(); connection.Close() }
	run = &chaosRun{
		lock: lock, options: c, root: root, compile: compileSuites, out: out,
		id: newRun(time.Now()), started: time.Now(), color: out == os.Stdout && onTerminal(os.Stdout),
		removeLeftovers: func(ctx context.Context, run string) (engine.Removed, error) {
			return engine.CleanRun(ctx, connection, run)
		},
	}
	run.images = run.makeImages
	return run, end, nil
}

// A chaosRun is one run of the chosen specs, all passes of it.
type chaosRun struct {
	options
	root    string
	compile func(ctx context.Context, root, into string, folders []string) ([]suite, error)
	// images makes what the suites want of images for the specs of the plans; nil: they do so themselves.
	images   func(ctx context.Context, plans []plan) error
	suites   []suite // as compiled
	compiled string  // folder of the compiled suites, while the run lasts
	out      io.Writer
	color    bool
	id       string
	started  time.Time
	lock     *engine.Lock
	control  contract.Arm // that every drill is
	outcome  outcome

	imageless map[string]*reports.Failure // by folder: suites whose images could not be made, and why

	removeLeftovers func(ctx context.Context, run string) (engine.Removed, error)
}

// folder is where the run leaves its records and its report.
func (r *chaosRun) folder() string { return filepath.Join(cmp.Or(r.runs, runsFolder(r.root)), r.id) }

// runnerReports is a folder of its own: a run's folder holds no JSON but records.
func (r *chaosRun) runnerReports() string { return filepath.Join(r.folder(), "ginkgo") }

// prepared makes the run's folder, compiles the suites and has them planned: everything that can be known to be wrong is, before
// the first lab comes up. Ctrl-C ends it at once. The plans are by the caller, who knows what runs how often; remove is called
// when the run is over.
func (r *chaosRun) prepared(
	ctx context.Context, line string, makePlans func(context.Context) ([]plan, error),
) (remove func(), err error) {
	if err := errors.Join(reports.Prepare(r.folder()), os.MkdirAll(r.runnerReports(), 0o755)); err != nil {
		return nil, err
	}
	if _, err := reports.Sweep(runsFolder(r.root)); err != nil {
		return nil, err
	}
	used, err := supervise.HoldFolder(r.folder()) // which keeps `make clean` from taking it for one that was left
	if err != nil {
		return nil, err
	}
	folder, removeCompiled, err := supervise.MakeTemporary()
	if err != nil {
		return nil, errors.Join(err, used.Close())
	}
	r.compiled = folder
	remove = func() { _ = errors.Join(removeCompiled(), used.Close()) } // what stays, `make clean` removes
	fmt.Fprintf(r.out, "run %s, seed %d\nrepeat it with: %s\n\n", r.id, r.seed, line)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	fmt.Fprintf(r.out, "compile %s\n", strings.Join(r.folders, ", "))
	r.suites, err = r.compile(ctx, r.root, r.compiled, r.folders)
	var plans []plan
	if err == nil {
		plans, err = makePlans(ctx)
	}
	if err == nil && r.images != nil {
		err = r.images(ctx, plans)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted before anything ran")
	}
	if err != nil {
		remove()
		return nil, errors.Join(err, os.RemoveAll(r.folder())) // nothing ran: there is nothing to keep
	}
	return remove, nil
}

// all makes every pass, then the report.
func (r *chaosRun) all(ctx context.Context) error {
	var plans []plan
	remove, err := r.prepared(ctx, r.repeatCommand(), func(ctx context.Context) ([]plan, error) {
		for pass := 1; pass <= r.repeat; pass++ {
			chosen, err := r.plan(ctx, r.passSeed(pass), r.passName(pass))
			if err != nil {
				return nil, err
			}
			plans = append(plans, chosen)
		}
		fmt.Fprintf(r.out, "%s\n\n", plans[0].describe())
		return plans, nil
	})
	if err != nil {
		return err
	}
	defer remove()
	signals, stop := interrupts()
	defer stop()
	var problems error
	interrupted := false
	for index, chosen := range plans {
		var err error
		interrupted, err = r.pass(index+1, chosen, interrupted, signals)
		problems = errors.Join(problems, err)
	}
	problems = errors.Join(problems, r.tidy(ctx), r.report())
	if problems != nil {
		fmt.Fprintf(r.out, "reprise: %v\n", problems)
	}
	if problem := r.verdict(interrupted); problem != "" {
		fmt.Fprintf(r.out, "reprise: %s\n", problem)
		problems = errors.Join(problems, errRed)
	}
	fmt.Fprintln(r.out, r.outcome.counts())
	return r.outcome.red(problems)
}

// verdict says why the run as a whole is not good although that does not show in the failures, or
// that it is not; "" when it is good.
func (r *chaosRun) verdict(interrupted bool) string {
	switch {
	case interrupted:
		return "interrupted: not everything ran"
	case r.outcome.selected == 0 && len(r.outcome.failures) == 0:
		return fmt.Sprintf("no spec was selected by labels %q and focus %q: nothing was checked", r.labels, r.focus)
	case len(r.outcome.failures) > 0:
		return "not everything went as claimed"
	case r.outcome.passed == 0:
		return "every selected spec was skipped: nothing was checked"
	}
	return ""
}

// passSeed is the seed of a pass: each has the next one.
func (r *chaosRun) passSeed(number int) int64 { return r.seed + int64(number-1) }

// passName tells the suites which pass they are in; "" in a run of one.
func (r *chaosRun) passName(number int) string {
	if r.repeat > 1 {
		return strconv.Itoa(number)
	}
	return ""
}

// pass runs all suites once; after an interrupt it only notes what never ran.
func (r *chaosRun) pass(number int, chosen plan, stopped bool, signals <-chan os.Signal) (interrupted bool, err error) {
	name, seed := r.passName(number), r.passSeed(number)
	if name != "" && !stopped {
		fmt.Fprintf(r.out, "pass %d of %d, seed %d\n", number, r.repeat, seed)
	}
	results, err := r.runSuites(chosen, stopped, fmt.Sprintf("pass-%d", number), seed, name, signals)
	records, readErr := reports.ReadRecords(r.folder())
	for _, result := range results {
		interrupted = interrupted || result.interrupted
		r.outcome.add(result, name, records)
	}
	return interrupted, errors.Join(err, readErr)
}

// held are the open files that all processes of the run hold.
func (r *chaosRun) held() []*os.File {
	if r.lock == nil {
		return nil
	}
	return []*os.File{r.lock.File()}
}

// orphans tells the supervisor of the suites what to do for this command should it be killed: to tidy up.
func (r *chaosRun) orphans() []string {
	arguments := []string{"--compiled=" + r.compiled}
	if !r.keep {
		arguments = append(arguments, "--run="+r.id)
	}
	return arguments
}

// Limits of a run's suites, all of a pass together, because a spec's covers that spec alone.
const (
	suitesLimit = 3 * time.Hour
	// graceful is how long an interrupted spec may take to notice, before it is left behind.
	graceful = time.Minute
)

// arguments are those of a suite that runs.
func (r *chaosRun) arguments(seed int64, report string, limit time.Duration) []string {
	arguments := append(r.choosingArguments(seed, report),
		"--ginkgo.v", "--ginkgo.timeout="+limit.String(), "--ginkgo.grace-period="+graceful.String())
	if !r.color {
		arguments = append(arguments, "--ginkgo.no-color")
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		arguments = append(arguments, "--ginkgo.github-output")
	}
	return arguments
}

// config is what a suite is told about the run.
func (r *chaosRun) config(one suite, seed int64, pass string) contract.Config {
	return contract.Config{
		RunDir: r.folder(), Control: r.control, Pass: pass, RepeatWith: r.repeatSpec(one, seed), Seed: seed,
		Phase: r.drawsPhase(), Keep: r.keep, Live: r.color,
	}
}

// environment is that of a suite's process, besides this one's.
func (r *chaosRun) environment(one suite, seed int64, pass string) []string {
	return append(r.config(one, seed, pass).Environment(), r.more...)
}

// tidyLimit bounds the removal of what a killed suite left.
const tidyLimit = 2 * time.Minute

// tidy removes what the suites have left on the engine and says so: they should leave nothing,
// unless a person asked for a lab to be kept.
func (r *chaosRun) tidy(ctx context.Context) error {
	if r.keep {
		return nil
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyLimit)
	defer cancel()
	removed, err := r.removeLeftovers(limited, r.id)
	if !removed.Empty() {
		fmt.Fprintf(r.out, "reprise: removed what the suites left behind:\n%s", describeRemoved(removed))
	}
	return err
}

// report writes the run's report and prints its table.
func (r *chaosRun) report() error {
	records, err := reports.ReadRecords(r.folder())
	if err != nil {
		return err
	}
	run := reports.Run{
		ID: r.id, Command: r.repeatCommand(), Seed: r.seed, Started: r.started, Duration: time.Since(r.started),
		Records: records, Skipped: r.outcome.skips, Failures: r.outcome.failures,
	}
	if len(records)+len(r.outcome.failures) > 0 {
		fmt.Fprintln(r.out)
		reports.Table(r.out, run, r.color)
	}
	if err := reports.Write(r.folder(), run); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\nreport: %s\nrepeat: %s\n", filepath.Join(r.folder(), "index.html"), r.repeatCommand())
	return nil
}
