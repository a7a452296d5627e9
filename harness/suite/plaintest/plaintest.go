// Package plaintest is the run that a plain `go test` of drills makes: a folder for its records and its report, its turn on the
// engine, and the line that repeats it. Packages suite and drilltest begin it when no command has.
package plaintest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
	"github.com/reprise-dr/reprise/harness/lab/turn"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/reports"
)

// Variable says whether plain `go test` runs drills: 1 or 0. Unset, it does, but not in a clone of Reprise.
const Variable = "REPRISE_DRILLS"

// Unwanted says why drills do not run in the module at root; "" when they do.
func Unwanted(root string, short bool) (string, error) {
	wanted := !module.IsReprise(root)
	if set := os.Getenv(Variable); set != "" {
		var err error
		if wanted, err = strconv.ParseBool(set); err != nil {
			return "", fmt.Errorf("%s=%q says neither that drills run nor that they do not: it is 1 or 0", Variable, set)
		}
	}
	switch {
	case short:
		return "drills need a container engine and minutes: they run without -short", nil
	case !wanted:
		return "drills need a container engine and minutes: the command reprise runs them, see reprise --help, and go test does " +
			"with " + Variable + "=1", nil
	}
	return "", nil
}

// Output is where a drill shows what happens in it. A `go test` that shows nothing of tests which pass, being shown to nobody as
// long as they run, gets it as output of the test. One whose standard output is a terminal, as in the folder of the package, has
// a person before it, for whom minutes without a line are too long: there it is printed at once.
func Output(shown io.Writer, verbose bool) io.Writer {
	if !verbose && onTerminal(os.Stdout) {
		return os.Stdout
	}
	return shown
}

// onTerminal tells whether the file is a terminal.
func onTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Root is the root of the module around the working directory, in which the test's drills run. It skips the test where they do
// not, and fails it where nobody can tell.
func Root(t testing.TB) string {
	t.Helper()
	root, err := module.Root()
	if err != nil {
		t.Fatal(err)
	}
	reason, err := Unwanted(root, testing.Short())
	if err != nil {
		t.Fatal(err)
	}
	if reason != "" {
		t.Skip(reason)
	}
	return root
}

// A Run is everything that the drills of one test program leave.
type Run struct {
	// Folder is where records and the report go.
	Folder string
	// Command is the line that repeats the run, from the root of the module. What chooses single drills is to be added.
	Command string

	started    time.Time
	connection *engine.Engine
	lock       *engine.Lock
	used       *os.File // the folder, held so that `reprise clean` leaves it alone
}

// closing is how long before the end of `go test`, whose -timeout leaves nothing time to close, drills are interrupted.
const closing = time.Minute

// Limit is how long drills may take when `go test` ends at the deadline, the zero time being never.
func Limit(deadline time.Time) time.Duration {
	const unlimited = 24 * time.Hour
	if deadline.IsZero() {
		return unlimited
	}
	left := time.Until(deadline)
	return left - min(closing, left/4)
}

// Interruptible ends when somebody ends `go test`, and before it ends itself. A second Ctrl-C then ends this process at once.
func Interruptible(deadline time.Time) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	limited, cancel := context.WithTimeoutCause(ctx, Limit(deadline),
		errors.New("go test is about to end by its -timeout, which is 10 minutes unless it is given"))
	return limited, func() { cancel(); stop() }
}

// Begin makes the run's folder in the module at root and takes the engine, when whoever else uses it has ended. It tells out
// whom it waits for.
func Begin(ctx context.Context, root string, out io.Writer) (*Run, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the folder of the drills: %w", err)
	}
	below, err := filepath.Rel(root, here)
	if err != nil {
		return nil, fmt.Errorf("find the folder of the drills: %w", err)
	}
	started := time.Now()
	r := &Run{
		Folder: filepath.Join(module.RunsFolder(root), module.NewRun(started)), started: started,
		Command: command("./"+filepath.ToSlash(below), timeout()),
	}
	if err := reports.Prepare(r.Folder); err != nil {
		return nil, err
	}
	if _, err := reports.Sweep(module.RunsFolder(root)); err != nil {
		return nil, err
	}
	if r.used, err = supervise.HoldFolder(r.Folder); err != nil {
		return nil, err
	}
	if r.connection, err = engine.Connect(ctx); err == nil {
		r.lock, err = turn.Take(ctx, r.connection, engine.Exclusive, "go test ./"+filepath.ToSlash(below), image.Plain(out))
	}
	if err != nil {
		return nil, errors.Join(err, r.End(ctx, false), os.RemoveAll(r.Folder)) // nothing ran: there is nothing to keep
	}
	return r, nil
}

// repeated are the variables that a line which repeats drills needs, if they are set.
var repeated = []string{Variable, contract.ControlVariable, contract.PhaseVariable}

// defaultTimeout is that of `go test`.
const defaultTimeout = 10 * time.Minute

// timeout is that of the `go test` that runs, 0 for none. What is left of it is less by what has been done since.
func timeout() time.Duration {
	given := flag.Lookup("test.timeout")
	if given == nil {
		return 0
	}
	value, _ := given.Value.(flag.Getter).Get().(time.Duration) // as package testing has it
	return value
}

// command runs a package's tests again, and never takes the answer from the cache of `go test`.
func command(folder string, timeout time.Duration) string {
	var words []string
	for _, name := range repeated {
		if value := os.Getenv(name); value != "" {
			words = append(words, name+"="+value)
		}
	}
	words = append(words, "go", "test", folder, "-count=1")
	switch timeout {
	case 0:
		words = append(words, "-timeout=0")
	case defaultTimeout:
	default:
		words = append(words, "-timeout="+timeout.String())
	}
	return strings.Join(words, " ")
}

// Config is what the suite is told about the run, besides what the environment says already.
func (r *Run) Config(config contract.Config, choosing string, seed int64) contract.Config {
	config.RunDir, config.Seed, config.RepeatWith = r.Folder, seed, r.Command+" "+choosing
	config.CleanWith = module.Command("clean")
	return config
}

// Report writes the report of the drills that have ended, with a link to it, prints its table and says in one sentence where it
// is. Control arms are no drills that the link should lead to.
func (r *Run) Report(out io.Writer, control contract.Arm, seed int64, failures []reports.Failure, skips []reports.Skip) error {
	records, err := reports.ReadRecords(r.Folder)
	if err != nil {
		return err
	}
	if len(records)+len(failures) == 0 {
		return nil
	}
	run := reports.Run{
		ID: filepath.Base(r.Folder), Command: r.Command, Seed: seed, Started: r.started, Duration: time.Since(r.started),
		Records: records, Skipped: skips, Failures: failures,
	}
	if control == contract.WholeDrill {
		err = reports.Write(r.Folder, run)
	} else {
		err = reports.WritePage(r.Folder, run)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	reports.Table(out, run, false)
	fmt.Fprintf(out, "\nreprise: the report is %s, and the record of each drill lies beside it\n",
		filepath.Join(r.Folder, reports.PageFile))
	return nil
}

// tidyLimit bounds the removal of what drills have left.
const tidyLimit = 2 * time.Minute

// End removes what drills have left on the engine, unless a lab was to be kept, and lets go of it. A folder in which nothing was
// left goes too.
func (r *Run) End(ctx context.Context, keep bool) error {
	var err error
	if r.lock != nil && !keep {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyLimit)
		defer cancel()
		_, err = engine.CleanRun(limited, r.connection, filepath.Base(r.Folder))
	}
	if r.lock != nil {
		r.lock.Release()
	}
	if r.connection != nil {
		err = errors.Join(err, r.connection.Close())
	}
	_ = os.Remove(r.Folder) // which fails unless it is empty
	return errors.Join(err, r.used.Close())
}
