//go:build linux

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A process is one run of the main process.
type process struct {
	command *exec.Cmd
	started protocol.Instant
	stopped atomic.Bool   // somebody has asked it to end
	done    chan struct{} // closed when it has ended; what follows is set before
	ended   protocol.Instant
	state   *os.ProcessState
}

// startProcess starts the main process in a session of its own, as an init system does, with the
// container's output as its own, as a user who is looked up now: what decides is in the system's files.
func startProcess(argv []string, user string) (*process, error) {
	if len(argv) == 0 {
		return nil, errors.New("start the main process: no command is given")
	}
	command := exec.Command(argv[0], argv[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := runAs(command, user); err != nil {
		return nil, fmt.Errorf("start the main process: %w", err)
	}
	p := &process{command: command, done: make(chan struct{}), started: monotonic.Now()}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the main process: %w", err)
	}
	go func() {
		defer close(p.done)
		// How it ended is in its state; its output is a file, so nothing else can go wrong.
		_ = command.Wait()
		p.ended, p.state = monotonic.Now(), command.ProcessState
	}()
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) status() protocol.Status {
	if p.running() {
		return protocol.Status{Running: true, PID: p.command.Process.Pid, Started: p.started}
	}
	status := protocol.Status{Started: p.started, Ended: p.ended, ExitCode: p.state.ExitCode()}
	if wait, ok := p.state.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		status.Signal = wait.Signal().String()
	}
	return status
}

// stop does what systemd does with KillMode=process: the signal to the main process only, a SIGCONT
// so that a paused one can hear it, SIGKILL after the timeout.
func (p *process) stop(ctx context.Context, stop protocol.Stop) error {
	number, err := signalNumber(stop.Signal)
	if err != nil {
		return err
	}
	if !stop.Killed {
		p.stopped.Store(true)
	}
	if err := p.signal(number, unix.SIGCONT); err != nil {
		return err
	}
	timer := time.NewTimer(stop.Timeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the main process to end: %w", ctx.Err())
	case <-timer.C:
	}
	if err := p.signal(unix.SIGKILL); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the killed main process to end: %w", ctx.Err())
	}
}

// signal sends signals; a process that has ended needs none.
func (p *process) signal(numbers ...unix.Signal) error {
	for _, number := range numbers {
		if err := p.command.Process.Signal(number); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("send signal %v to the main process: %w", number, err)
		}
	}
	return nil
}

func signalNumber(name string) (unix.Signal, error) {
	if name == "" {
		return unix.SIGTERM, nil
	}
	number := unix.SignalNum("SIG" + strings.TrimPrefix(name, "SIG"))
	if number == 0 {
		return 0, fmt.Errorf("there is no signal %q", name)
	}
	return number, nil
}
