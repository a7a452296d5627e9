package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// Doing is what this process does, for others who want its engine to read.
func Doing() string {
	if len(os.Args) < 2 {
		return "reprise"
	}
	return "reprise " + os.Args[1]
}

// Chaos runs the chosen specs and leaves a report in a folder of its own.
func Chaos(ctx context.Context, out io.Writer, chosen Options) error {
	run, end, err := chosen.prepare(ctx, out)
	if err != nil {
		return err
	}
	defer end()
	return run.all(ctx)
}

// prepare makes a run of the options, which end lets go of. Whatever would keep it from running is an
// error now.
func (c Options) prepare(ctx context.Context, out io.Writer) (run *chaosRun, end func(), err error) {
	root, err := module.Root()
	if err != nil {
		return nil, nil, err
	}
	known, err := c.catalog(ctx, root)
	if err != nil {
		return nil, nil, err
	}
	if err := c.check(known); err != nil {
		return nil, nil, err
	}
	if c.program, err = c.programIn(root); err != nil {
		return nil, nil, err
	}
	if c.Runs != "" {
		if c.Runs, err = filepath.Abs(c.Runs); err != nil { // suites run elsewhere
			return nil, nil, fmt.Errorf("find the folder of runs: %w", err)
		}
	}
	if c.Folders == nil {
		c.Folders = known.Chosen(c.Labels)
	}
	if len(c.Folders) == 0 {
		return nil, nil, usage.Errorf("no spec carries labels that fit %q: nothing would be checked", c.Labels)
	}
	connection, err := engine.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	run = &chaosRun{
		Options: c, root: root, compile: compileSuites, out: out, planFirst: known.Unseen(c.Labels),
		id: module.NewRun(time.Now()), started: time.Now(), color: out == os.Stdout && onTerminal(os.Stdout),
		removeLeftovers: func(ctx context.Context, run string) (engine.Removed, error) {
			return engine.CleanRun(ctx, connection, run)
		},
	}
	run.images = run.makeImages
	run.takeEngine = func(ctx context.Context) (*engine.Lock, error) {
		return turn.Take(ctx, connection, engine.Exclusive, Doing(), image.Plain(out))
	}
	end = func() {
		if run.lock != nil {
			run.lock.Release()
		}
		connection.Close()
	}
	return run, end, nil
}

// A chaosRun is one run of the chosen specs, all passes of it.
type chaosRun struct {
	Options
	root    string
	compile func(ctx context.Context, root, into string, folders []string) ([]suite, error)
	// images makes what the suites want of images for the specs of the plans; nil: they do so themselves.
	images func(ctx context.Context, plans []plan) error
	// takeEngine takes the engine for the run; nil: nobody else is there.
	takeEngine func(context.Context) (*engine.Lock, error)
	// planFirst has the suites asked what they would run before the engine is taken: it may be nothing.
	planFirst bool

	suites   []suite // as compiled
	compiled string  // folder of the compiled suites, while the run lasts
	out      io.Writer
	color    bool
	id       string
	started  time.Time
	lock     *engine.Lock
	control  contract.Arm // that every drill is
	outcome  specOutcome

	imageless map[string]*reports.Failure // by folder: suites whose images could not be made, and why

	removeLeftovers func(ctx context.Context, run string) (engine.Removed, error)
}

// folder is where the run leaves its records and its report.
func (r *chaosRun) folder() string {
	return filepath.Join(cmp.Or(r.Runs, module.RunsFolder(r.root)), r.id)
}

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
	if _, err := reports.Sweep(filepath.Dir(r.folder())); err != nil {
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
	fmt.Fprintf(r.out, "run %s, seed %d\nrepeat it with: %s\n\n", r.id, r.Seed, line)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	plans, err := r.plansAndTurn(ctx, makePlans)
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

// plansAndTurn takes the engine, then has the suites compiled and planned: in that order, since compilers disturb whoever
// measures there. Who has mistyped a label is told before waiting for anybody: there the plans come first.
func (r *chaosRun) plansAndTurn(ctx context.Context, makePlans func(context.Context) ([]plan, error)) ([]plan, error) {
	take := func() (err error) {
		if r.takeEngine != nil {
			r.lock, err = r.takeEngine(ctx)
			r.started = time.Now()
		}
		return err
	}
	if !r.planFirst {
		if err := take(); err != nil {
			return nil, err
		}
	}
	if err := r.compileAll(ctx); err != nil {
		return nil, err
	}
	plans, err := makePlans(ctx)
	if err == nil {
		err = slices.Concat(plans...).nothingChosen(r.Labels, r.Focus)
	}
	if err == nil && r.planFirst {
		err = take()
	}
	return plans, err
}

// all makes every pass, then the report.
func (r *chaosRun) all(ctx context.Context) error {
	var plans []plan
	remove, err := r.prepared(ctx, r.repeatCommand(), func(ctx context.Context) ([]plan, error) {
		for pass := 1; pass <= r.Repeat; pass++ {
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
		problems = errors.Join(problems, ErrRed)
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
	case len(r.outcome.Failures) > 0:
		return "not everything went as claimed"
	case r.outcome.Passed == 0:
		return "every selected spec was skipped: nothing was checked"
	}
	return ""
}

// passSeed is the seed of a pass: each has the next one.
func (r *chaosRun) passSeed(number int) int64 { return r.Seed + int64(number-1) }

// passName tells the suites which pass they are in; "" in a run of one.
func (r *chaosRun) passName(number int) string {
	if r.Repeat > 1 {
		return strconv.Itoa(number)
	}
	return ""
}

// pass runs all suites once; after an interrupt it only notes what never ran.
func (r *chaosRun) pass(number int, chosen plan, stopped bool, signals <-chan os.Signal) (interrupted bool, err error) {
	name, seed := r.passName(number), r.passSeed(number)
	if name != "" && !stopped {
		fmt.Fprintf(r.out, "pass %d of %d, seed %d\n", number, r.Repeat, seed)
	}
	results, err := r.runSuites(chosen, stopped, fmt.Sprintf("pass-%d", number), seed, name, signals)
	records, readErr := reports.ReadRecords(r.folder())
	for _, result := range results {
		interrupted = interrupted || result.interrupted
		r.outcome.add(result, name, records)
	}
	return interrupted, errors.Join(err, readErr)
}

// TidyLimit bounds the removal of what a killed suite left.
const TidyLimit = 2 * time.Minute

// tidy removes what the suites have left on the engine and says so: they should leave nothing,
// unless a person asked for a lab to be kept.
func (r *chaosRun) tidy(ctx context.Context) error {
	if r.Keep {
		return nil
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), TidyLimit)
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
		ID: r.id, Command: r.repeatCommand(), Seed: r.Seed, Started: r.started, Duration: time.Since(r.started),
		Records: records, Skipped: r.outcome.Skips, Failures: r.outcome.Failures,
	}
	if len(records)+len(r.outcome.Failures) > 0 {
		fmt.Fprintln(r.out)
		reports.Table(r.out, run, r.color)
	}
	if err := reports.Write(r.folder(), run); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\nreport: %s\nrepeat: %s\n", filepath.Join(r.folder(), "index.html"), r.repeatCommand())
	return nil
}

// ErrRed ends the program with status 1 when everything there is to say has been said already.
var ErrRed = errors.New("not everything went as claimed")

// onTerminal tells whether the file is a terminal, where colour and moving lines make sense.
func onTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
