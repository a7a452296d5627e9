package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab"
)

// ginkgoProgram builds the runner at the version go.mod pins, once, and says where it is. It is
// started without the go command around it, which would pass every Ctrl-C on a second time.
func ginkgoProgram(ctx context.Context, root string) (string, error) {
	var path strings.Builder
	find := exec.Command("go", "tool", "-n", "ginkgo")
	find.Dir, find.Stdout, find.Stderr = root, &path, os.Stderr
	temporary, err := lab.TemporaryFolder()
	if err != nil {
		return "", err
	}
	process, err := supervise.Start(find, supervise.Options{Temporary: temporary})
	if err == nil {
		err = process.WaitOrStop(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("build the runner of the scenarios (go tool ginkgo): %w", err)
	}
	return strings.TrimSpace(path.String()), nil
}

// A suiteProcess is a runner at work, with everything it has started, as one process group.
type suiteProcess struct {
	path        string
	folder      string
	arguments   []string
	environment []string
	out         io.Writer
	grace       time.Duration // see [supervise.Options]; 0 means orphanGrace
	held        []*os.File    // by all processes of the run
	orphans     []string      // arguments for the supervisor: what it does in this process's place when that is killed
}

// errKilled says that a second Ctrl-C left the suites no time to clean up.
var errKilled = errors.New("killed before everything was cleaned up")

// run waits for the runner to end. The first signal asks it to clean up and stop, the second one
// kills it; interrupted tells whether there was one. That specs failed is not an error: the runner's
// report says which.
func (s suiteProcess) run(signals <-chan os.Signal) (interrupted bool, err error) {
	runner := exec.Command(s.path, s.arguments...)
	runner.Dir, runner.Env = s.folder, append(os.Environ(), s.environment...)
	runner.Stdout, runner.Stderr = s.out, s.out
	temporary, err := lab.TemporaryFolder()
	if err != nil {
		return false, err
	}
	// A group of its own: the terminal's Ctrl-C then reaches the suites once, from here.
	process, err := supervise.Start(runner, supervise.Options{Grace: cmp.Or(s.grace, orphanGrace), Temporary: temporary, Arguments: s.orphans, Inherited: s.held})
	if err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	for {
		select {
		case err := <-ended:
			return interrupted, s.outcome(err)
		case <-signals:
		}
		if interrupted {
			return true, errors.Join(errKilled, s.kill(process, ended))
		}
		interrupted = true
		fmt.Fprintln(s.out, "\nreprise: interrupted, taking the labs down; interrupt again to stop at once")
		if err := process.Signal(syscall.SIGINT); err != nil {
			return true, errors.Join(fmt.Errorf("interrupt the suites: %w", err), s.kill(process, ended))
		}
	}
}

// kill ends the whole group and waits for the runner.
func (s suiteProcess) kill(process *supervise.Process, ended <-chan error) error {
	if err := process.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the suites: %w", err)
	}
	return s.outcome(<-ended)
}

// outcome keeps errors of starting and waiting, and drops the exit status.
func (s suiteProcess) outcome(err error) error {
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return nil
	}
	return fmt.Errorf("wait for the runner of the scenarios: %w", err)
}

// interrupts are the signals by which a person or a CI system ends a run.
func interrupts() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}
