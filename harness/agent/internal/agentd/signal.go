//go:build linux

package agentd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/monotonic"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

const (
	// killLimit bounds the hunt for processes that fork faster than they are signalled.
	killLimit = time.Second
	// stopLimit bounds how long a process may take to stop; starved ones were seen to take tens of milliseconds.
	stopLimit = time.Second
	// stopEvery is the time between two looks whether a process has stopped.
	stopEvery = 20 * time.Microsecond
)

// readySignal finds the main process, or whom to spare.
func (a *agent) readySignal(
	ctx context.Context, signal harness.Signal,
) (func(context.Context) (func(context.Context) error, error), error) {
	number := unix.SignalNum("SIG" + strings.TrimPrefix(signal.Name, "SIG"))
	if number == 0 {
		return nil, fmt.Errorf("there is no signal %q", signal.Name)
	}
	if signal.All && signal.Process != "" {
		return nil, fmt.Errorf("either every process is signalled or those named %s", signal.Process)
	}
	if signal.Process != "" {
		return readyNamed(number, signal.Process)
	}
	if signal.All {
		supervisor, err := a.system.supervisor(ctx)
		if err != nil {
			return nil, err
		}
		spared := map[int]bool{1: true, os.Getpid(): true, supervisor: true}
		return func(context.Context) (func(context.Context) error, error) {
			signalled, err := signalAll(number, spared)
			undo := wake(number, slices.Clone(signalled)...)
			if err == nil && number == unix.SIGSTOP {
				err = awaitStopped(signalled...)
			}
			return undo, err
		}, nil
	}
	status, err := a.system.status(ctx)
	if err != nil {
		return nil, err
	}
	if !status.Running {
		return nil, errors.New("the main process does not run")
	}
	// On kernels that can, the handle stands for this process even when its number is used again.
	process, err := os.FindProcess(status.PID)
	if err != nil {
		return nil, fmt.Errorf("find process %d: %w", status.PID, err)
	}
	return func(context.Context) (func(context.Context) error, error) {
		if err := process.Signal(number); err != nil {
			return nil, fmt.Errorf("signal process %d: %w", status.PID, err)
		}
		if number == unix.SIGSTOP {
			err = awaitStopped(status.PID)
		}
		return wake(number, status.PID), err
	}, nil
}

// readyNamed finds the processes of a name.
func readyNamed(number unix.Signal, name string) (func(context.Context) (func(context.Context) error, error), error) {
	found, err := processes()
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(pid int) bool { return nameOf(pid) != name })
	if len(found) == 0 {
		return nil, fmt.Errorf("no process is named %s", name)
	}
	return func(context.Context) (func(context.Context) error, error) {
		for _, pid := range found {
			if err := unix.Kill(pid, number); err != nil {
				return wake(number, found...), fmt.Errorf("signal process %d: %w", pid, err)
			}
		}
		var err error
		if number == unix.SIGSTOP {
			err = awaitStopped(slices.Clone(found)...)
		}
		return wake(number, found...), err
	}, nil
}

// nameOf is what the kernel calls a process; "" when it has ended.
func nameOf(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(name), "\n")
}

// wake is how to undo a signal: only a stopped process can be helped.
func wake(number unix.Signal, processes ...int) func(context.Context) error {
	if number != unix.SIGSTOP && number != unix.SIGTSTP {
		return nil
	}
	return func(context.Context) error {
		var failures error
		for _, pid := range processes {
			if err := unix.Kill(pid, unix.SIGCONT); err != nil && !errors.Is(err, unix.ESRCH) {
				failures = errors.Join(failures, fmt.Errorf("wake process %d: %w", pid, err))
			}
		}
		return failures
	}
}

// awaitStopped returns when no thread of the processes runs any more. The signal alone does not mean
// that: it stops the thread that takes it, and that one stops the others.
func awaitStopped(processes ...int) error {
	for deadline := monotonic.Now() + protocol.Instant(stopLimit); ; {
		processes = slices.DeleteFunc(processes, stopped)
		if len(processes) == 0 {
			return nil
		}
		if monotonic.Now() > deadline {
			return fmt.Errorf("processes %v have not stopped after %v", processes, stopLimit)
		}
		// They need a processor to stop; this thread must not keep one.
		pause := unix.NsecToTimespec(stopEvery.Nanoseconds())
		_ = unix.Nanosleep(&pause, nil) // one that is cut short is followed by another
	}
}

// stopped tells whether no thread of a process can run its program: stopped, ended, or in a system
// call that nothing can interrupt, at whose end it will stop.
func stopped(pid int) bool {
	folder := fmt.Sprintf("/proc/%d/task", pid)
	threads, err := os.ReadDir(folder)
	if err != nil {
		return true // it has ended
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(filepath.Join(folder, thread.Name(), "stat"))
		if err != nil {
			continue
		}
		// The state follows the program's name, which is in parentheses and may hold any character.
		state := stat[bytes.LastIndexByte(stat, ')')+1:]
		if len(state) > 1 && (state[1] == 'R' || state[1] == 'S') {
			return false
		}
	}
	return true
}

// signalAll signals every process of the node but the spared ones, and returns which. It looks again
// until it finds nobody new: a process that has a signal pending cannot fork any more, so nobody is
// left then. Kill by -1 would do it in one call, and hit the supervisor.
func signalAll(number unix.Signal, spared map[int]bool) ([]int, error) {
	var signalled []int
	known := map[int]bool{}
	for deadline := time.Now().Add(killLimit); ; {
		found, err := processes()
		if err != nil {
			return signalled, err
		}
		fresh := 0
		for _, pid := range found {
			if spared[pid] || known[pid] {
				continue
			}
			known[pid] = true
			fresh++
			switch err := unix.Kill(pid, number); {
			case err == nil:
				signalled = append(signalled, pid)
			case !errors.Is(err, unix.ESRCH):
				return signalled, fmt.Errorf("signal process %d: %w", pid, err)
			}
		}
		if fresh == 0 {
			return signalled, nil
		}
		if time.Now().After(deadline) {
			return signalled, fmt.Errorf("processes still fork after %v and %d signals", killLimit, len(signalled))
		}
	}
}

// processes lists the node's processes.
func processes() ([]int, error) {
	folder, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var found []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			found = append(found, pid)
		}
	}
	return found, nil
}
