package supervise

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The lifeline is inherited as this file descriptor; the variable tells a program of ours that it is one.
const (
	lifelineDescriptor = 3
	lifelineVariable   = "REPRISE_LIFELINE"
)

// settle is how long the supervisor waits for news of the starter after the program has failed, or ended with others
// of its group left: who is killed takes its program's output along, and the program may be the first to notice.
const settle = 200 * time.Millisecond

// A Result is how a supervised program ended.
type Result struct {
	State  *os.ProcessState
	Orphan bool // the starter was gone before
}

// Run is the supervisor: it runs the program with its arguments to its end. The lifeline is file descriptor 3.
func Run(program []string, options Options) (Result, error) {
	// The kernel kills the program when the thread that started it ends, which must not be before the process does.
	runtime.LockOSThread()
	gone := ParentGone()
	signals := make(chan os.Signal, 8) // of the group, the supervisor included: the program decides what they mean
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	command := exec.Command(program[0], program[1:]...) //nolint:gosec // it is what a supervisor is for
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = dieWithParent()
	if err := command.Start(); err != nil {
		return Result{}, fmt.Errorf("start %s: %w", program[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	rest := group{leader: syscall.Getpgrp(), spared: []int{os.Getpid()}}
	orphan, err := rest.follow(ended, lifeline{gone, hungUp}, signals, options.Grace)
	if options.Temporary != "" && orphan {
		err = errors.Join(err, os.RemoveAll(options.Temporary))
	}
	return Result{command.ProcessState, orphan}, err
}

// A lifeline tells whether the starter is still there.
type lifeline struct {
	gone   <-chan struct{} // closed when this process has learned that it is not
	hungUp func() bool     // asks the kernel, which knows it first
}

// follow waits for the program to end, and sees to it that the rest of its group does.
func (g group) follow(
	ended <-chan error, starter lifeline, signals <-chan os.Signal, grace time.Duration,
) (orphan bool, err error) {
	interrupted := false
	for {
		select {
		case received := <-signals:
			interrupted = interrupted || received == os.Interrupt
		case err := <-ended:
			// The program may have ended because the starter was gone, and this process may have learned of both at once.
			if orphan = starter.hungUp(); !orphan && err == nil && g.empty(0) {
				return false, nil
			}
			if !orphan {
				select {
				case <-starter.gone:
					orphan = true
				case <-time.After(settle):
				}
			}
			g.end(grace, interrupted || orphan)
			return orphan, unexpected(err)
		case <-starter.gone:
			g.end(grace, true) // a program that is given time watches the lifeline too, and interrupts itself
			return true, unexpected(<-ended)
		}
	}
}

// unexpected is an error of waiting; how the program ended is in its state.
func unexpected(err error) error {
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return nil
	}
	return fmt.Errorf("wait for the program: %w", err)
}

// ParentGone returns a channel that is closed when whoever started this process, or the supervisor around it, has
// gone. Without a supervisor it never is.
func ParentGone() <-chan struct{} { return parentGone() }

var parentGone = sync.OnceValue(watchLifeline)

func watchLifeline() <-chan struct{} {
	gone := make(chan struct{})
	if !hasLifeline() {
		return gone
	}
	inherited := os.NewFile(lifelineDescriptor, "lifeline")
	go func() {
		_, _ = inherited.Read(make([]byte, 1)) // nobody ever writes
		close(gone)
	}()
	return gone
}

func hasLifeline() bool {
	var state syscall.Stat_t
	return os.Getenv(lifelineVariable) != "" && syscall.Fstat(lifelineDescriptor, &state) == nil &&
		state.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

// hungUp tells whether the other end of the lifeline is closed.
func hungUp() bool { return hasLifeline() && pipeHungUp(lifelineDescriptor) }

// pipeHungUp tells whether nobody can write to a pipe any more.
func pipeHungUp(descriptor int) bool {
	ends := []unix.PollFd{{Fd: int32(descriptor), Events: unix.POLLIN}} //nolint:gosec // descriptors are small
	n, err := unix.Poll(ends, 0)
	return err == nil && n == 1 && ends[0].Revents&unix.POLLHUP != 0
}

// Exit ends this process as the program has ended: with its status or by its signal.
func Exit(state *os.ProcessState) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		signal.Reset()
		_ = syscall.Kill(os.Getpid(), status.Signal())
		<-time.After(settle) // for it to arrive
	}
	os.Exit(state.ExitCode()) //nolint:forbidigo // a supervisor ends as its program did
}
