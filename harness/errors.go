package harness

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that scenarios tell apart with errors.Is.
var (
	// ErrRefused marks a write that certainly did not happen.
	ErrRefused = errors.New("refused")
	// ErrNotDetected: the fault broke nothing that the steady state claims.
	ErrNotDetected = errors.New("the steady state never broke")
	// ErrNotRecovered: the steady state did not hold again within the drill's patience.
	ErrNotRecovered = errors.New("the steady state did not come back")
	// ErrLabLost: a part of the lab itself is gone, such as the agent of a node, and a step was ended by that.
	ErrLabLost = errors.New("a part of the lab is gone")
	// ErrOff: a node without power was asked for what only one with power can do.
	ErrOff = errors.New("the node has lost its power, and nothing runs on it until it is switched on")
	// ErrOrder: a step of the drill was called out of order.
	ErrOrder = errors.New("out of order")
)

// An UnknownNameError is a name that the topology has never had: whoever wrote the drill has mistyped it. No fault leads to one:
// what a fault takes away keeps its name.
type UnknownNameError struct {
	Kind  string // "node" or "disk"
	Name  string
	Known []string // those that the topology has
}

// Error names it, and those there are.
func (e *UnknownNameError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("the topology has no %s %q: it has none", e.Kind, e.Name)
	}
	return fmt.Sprintf("the topology has no %s %q: its %ss are %s", e.Kind, e.Name, e.Kind, strings.Join(e.Known, ", "))
}

// A CommandError is a command that ran on a node and did not exit with 0. A lab's has no secrets of its topology.
type CommandError struct {
	Node     string
	Argv     []string
	ExitCode int
	Output   string // standard output and error; Error shows the last 20 lines
}

// Error names the node, the command, its exit code and the end of its output.
func (e *CommandError) Error() string {
	lines := strings.Split(strings.TrimRight(e.Output, "\n"), "\n")
	if len(lines) > 20 {
		lines = lines[len(lines)-20:]
	}
	return fmt.Sprintf("%s: %q exited with %d: %s", e.Node, strings.Join(e.Argv, " "), e.ExitCode, strings.Join(lines, "\n"))
}

// JoinErrors is errors.Join on one line: nil when all of them are nil.
func JoinErrors(outcomes ...error) error {
	var errs joinedErrors
	for _, err := range outcomes {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// joinedErrors are several errors on one line: reports and terminals show them as one sentence.
type joinedErrors []error

// Error joins the errors with semicolons.
func (e joinedErrors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap lets errors.Is and errors.As look into every one of them.
func (e joinedErrors) Unwrap() []error { return e }
