package image

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// tailLines is how much of what a program said is worth repeating.
const tailLines = 20

// runCommand runs a program to its end. Each line of its output goes to observe, which tells whether
// the line is mere progress; the last lines that are not become part of the error. When ctx ends,
// the program and all it started are asked to stop, then killed; when this process does, they are killed.
func runCommand(ctx context.Context, command *exec.Cmd, observe func(line string) (progress bool)) error {
	name := strings.Join(command.Args[:min(2, len(command.Args))], " ")
	lines := &lineWriter{}
	var last tail
	lines.line = func(line string) {
		if !observe(line) {
			last.add(line)
		}
	}
	command.Stdout, command.Stderr = lines, lines
	temporary, err := supervise.TemporaryFolder()
	if err != nil {
		return err
	}
	process, err := supervise.Start(command, supervise.Options{Temporary: temporary})
	if err != nil {
		return err
	}
	err = process.WaitOrStop(ctx)
	lines.flush()
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s was stopped: %w", name, cause)
	}
	if err != nil {
		return &outputError{program: name, err: err, output: last.String()}
	}
	return nil
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
