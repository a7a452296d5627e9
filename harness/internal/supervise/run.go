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
	orphan, err := follow(ended, gone, signals, options.Grace)
	if options.Temporary != "" && orphan {
		err = errors.Join(err, os.RemoveAll(options.Temporary))
	}
	return Result{command.ProcessState, orphan}, err
}

// follow waits for the program to end, and sees to it that the whole group does.
func follow(ended <-chan error, gone <-chan struct{}, signals <-chan os.Signal, grace time.Duration) (orphan bool, err error) {
	rest := group{leader: syscall.Getpgrp(), spared: []int{os.Getpid()}}
	interrupted := false
	for {
		select {
		case received := <-signals:
			interrupted = interrupted || received == os.Interrupt
		case err := <-ended:
			if err == nil && rest.empty(0) {
				return false, nil
			}
			select {
			case <-gone:
				orphan = true
			case <-time.After(settle):
			}
			rest.end(grace, interrupted || orphan)
			return orphan, unexpected(err)
		case <-gone:
			rest.end(grace, true) // a program that is given time watches the lifeline too, and interrupts itself
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
	var state syscall.Stat_t
	if os.Getenv(lifelineVariable) == "" || syscall.Fstat(lifelineDescriptor, &state) != nil ||
		state.Mode&syscall.S_IFMT != syscall.S_IFIFO {
		return gone
	}
	lifeline := os.NewFile(lifelineDescriptor, "lifeline")
	go func() {
		_, _ = lifeline.Read(make([]byte, 1)) // nobody ever writes
		close(gone)
	}()
	return gone
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
