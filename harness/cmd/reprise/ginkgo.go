package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// ginkgoProgram builds the runner at the version go.mod pins, once, and says where it is. It is
// started without the go command around it, which would pass every Ctrl-C on a second time.
func ginkgoProgram(ctx context.Context, root string) (string, error) {
	find := exec.CommandContext(ctx, "go", "tool", "-n", "ginkgo")
	find.Dir, find.Stderr = root, os.Stderr
	path, err := find.Output()
	if err != nil {
		return "", fmt.Errorf("build the runner of the scenarios (go tool ginkgo): %w", err)
	}
	return strings.TrimSpace(string(path)), nil
}

// A suiteProcess is a runner at work, with everything it has started, as one process group.
type suiteProcess struct {
	path        string
	folder      string
	arguments   []string
	environment []string
	out         io.Writer
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
	// A group of its own: the terminal's Ctrl-C then reaches the suites once, from here.
	runner.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := runner.Start(); err != nil {
		return false, fmt.Errorf("start the runner of the scenarios: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- runner.Wait() }()
	for {
		select {
		case err := <-ended:
			return interrupted, s.outcome(err)
		case <-signals:
		}
		if interrupted {
			return true, errors.Join(errKilled, s.kill(runner, ended))
		}
		interrupted = true
		fmt.Fprintln(s.out, "\nreprise: interrupted, taking the labs down; interrupt again to stop at once")
		if err := syscall.Kill(-runner.Process.Pid, syscall.SIGINT); err != nil {
			return true, errors.Join(fmt.Errorf("interrupt the suites: %w", err), s.kill(runner, ended))
		}
	}
}

// kill ends the whole group and waits for the runner.
func (s suiteProcess) kill(runner *exec.Cmd, ended <-chan error) error {
	if err := syscall.Kill(-runner.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
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
