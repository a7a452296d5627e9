package lab

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// How a program that builds something is stopped, and how much of what it said is worth repeating.
const (
	stopGrace = 10 * time.Second // from SIGTERM to SIGKILL
	tailLines = 20
)

// runCommand runs a program to its end. Each line of its output goes to observe, which tells whether
// the line is mere progress; the last lines that are not become part of the error. When ctx ends,
// the program and all it started are asked to stop, then killed.
func runCommand(ctx context.Context, command *exec.Cmd, observe func(line string) (progress bool)) error {
	// A process group of its own makes the children reachable, and keeps a Ctrl-C at the terminal
	// from reaching them before the harness has decided what to do.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	lines := &lineWriter{}
	var last tail
	lines.line = func(line string) {
		if !observe(line) {
			last.add(line)
		}
	}
	command.Stdout, command.Stderr = lines, lines // the same writer: os/exec then writes from one goroutine
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", command.Args[0], err)
	}
	err := waitOrStop(ctx, command)
	lines.flush()
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s was stopped: %w", command.Args[0], cause)
	}
	if err != nil {
		return &outputError{program: strings.Join(command.Args[:min(2, len(command.Args))], " "), err: err, output: last.String()}
	}
	return nil
}

// waitOrStop waits for the program; when ctx ends first, it stops the program's whole group. The
// program counts as ended when all that share its output have, so the group that is signalled still
// exists and its number cannot have become another's.
func waitOrStop(ctx context.Context, command *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGTERM)
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		return err
	case <-grace.C:
	}
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	return <-ended
}

// An outputError is the failure of a program, with the last lines that it printed.
type outputError struct {
	program string
	err     error
	output  string
}

func (e *outputError) Error() string {
	return fmt.Sprintf("%s: %v:\n%s", e.program, e.err, e.output)
}

func (e *outputError) Unwrap() error { return e.err }

// tail keeps the last lines that were added.
type tail struct{ lines []string }

func (t *tail) add(line string) {
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

func (t *tail) String() string { return strings.Join(t.lines, "\n") }

// lineWriter cuts what is written to it into lines.
type lineWriter struct {
	line    func(string)
	pending []byte
}

// Write never fails.
func (w *lineWriter) Write(data []byte) (int, error) {
	w.pending = append(w.pending, data...)
	for {
		line, rest, found := bytes.Cut(w.pending, []byte("\n"))
		if !found {
			return len(data), nil
		}
		w.line(strings.TrimRight(string(line), "\r"))
		w.pending = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.line(string(w.pending))
		w.pending = nil
	}
}
