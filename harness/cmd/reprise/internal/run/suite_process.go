package run

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// A suiteProcess is a suite at work, with everything it has started, as one process group.
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

// An ending is how a suite's process ended.
type ending struct {
	interrupted bool   // by a person or a CI system
	code        int    // the exit status; -1 after a signal
	status      string // in words, such as "exit status 2" or "signal 9 (killed)"
}

// start starts the suite below a supervisor, in a group of its own: the terminal's Ctrl-C then reaches the suites once,
// from here.
func (s suiteProcess) start() (*exec.Cmd, *supervise.Process, error) {
	runner := exec.Command(s.path, s.arguments...)
	runner.Dir, runner.Env = s.folder, append(os.Environ(), s.environment...)
	runner.Stdout, runner.Stderr = s.out, s.out
	temporary, err := supervise.TemporaryFolder()
	if err != nil {
		return nil, nil, err
	}
	process, err := supervise.Start(runner, supervise.Options{
		Grace: cmp.Or(s.grace, orphanGrace), Temporary: temporary,
		Arguments: s.orphans, Inherited: s.held,
	})
	return runner, process, err
}

// run waits for the suite to end. The first signal asks it to clean up and stop, the second one kills
// it. A suite that ended badly is no error: its ending says so.
func (s suiteProcess) run(signals <-chan os.Signal) (ending, error) {
	runner, process, err := s.start()
	if err != nil {
		return ending{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	interrupted := false
	for {
		select {
		case err := <-ended:
			return endingOf(runner, interrupted, err)
		case <-signals:
		}
		if interrupted {
			end, err := s.kill(runner, process, ended)
			return end, errors.Join(errKilled, err)
		}
		interrupted = true
		fmt.Fprintln(s.out, "\nreprise: interrupted, taking the labs down; interrupt again to stop at once")
		if err := process.Signal(syscall.SIGINT); err != nil {
			end, killErr := s.kill(runner, process, ended)
			return end, errors.Join(fmt.Errorf("interrupt the suites: %w", err), killErr)
		}
	}
}

// kill ends the whole group and waits for the suite.
func (s suiteProcess) kill(runner *exec.Cmd, process *supervise.Process, ended <-chan error) (ending, error) {
	if err := process.Signal(syscall.SIGKILL); err != nil {
		return ending{interrupted: true}, fmt.Errorf("kill the suites: %w", err)
	}
	return endingOf(runner, true, <-ended)
}

// endingOf tells how a process ended that has been waited for.
func endingOf(runner *exec.Cmd, interrupted bool, err error) (ending, error) {
	if err != nil && !isExit(err) {
		return ending{interrupted: interrupted}, fmt.Errorf("wait for the suite: %w", err)
	}
	end := ending{interrupted: interrupted, code: runner.ProcessState.ExitCode(), status: runner.ProcessState.String()}
	if status, ok := runner.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		end.status = fmt.Sprintf("signal %d (%v)", status.Signal(), status.Signal())
	}
	return end, nil
}

// interrupts are the signals by which a person or a CI system ends a run.
func interrupts() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}
