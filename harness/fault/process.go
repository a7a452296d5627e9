package fault

import (
	"bytes"
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
)

// ProcessKill kills the main process of a node with SIGKILL. What it had started goes on, as under
// an init system that kills the main process only. Reverting starts it again.
type ProcessKill struct {
	Node string
}

// Describe says whose process.
func (p ProcessKill) Describe() string {
	return fmt.Sprintf("kill -9 of the main process of %s", p.Node)
}

// Inject kills the process.
func (p ProcessKill) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	strike, err := signalMain(ctx, lab, p.Node, "KILL")
	return &injection{
		strike:  strike,
		confirm: confirmEnded(lab, p.Node),
		revert: func(ctx context.Context) error {
			status, err := lab.Status(ctx, p.Node)
			if err != nil || status.Running {
				return err
			}
			return lab.Start(ctx, p.Node)
		},
	}, err
}

// ProcessPause stops the main process of a node with SIGSTOP: it keeps its connections and answers
// nothing. Reverting lets it go on.
type ProcessPause struct {
	Node string
}

// Describe says whose process.
func (p ProcessPause) Describe() string {
	return fmt.Sprintf("pause of the main process of %s", p.Node)
}

// Inject stops the process.
func (p ProcessPause) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	strike, err := signalMain(ctx, lab, p.Node, "STOP")
	return &injection{
		strike: strike,
		confirm: func(ctx context.Context) (string, error) {
			return confirmPaused(ctx, lab, p.Node)
		},
		revert: func(ctx context.Context) error {
			status, err := lab.Status(ctx, p.Node)
			if err != nil || !status.Running {
				return err // what has ended needs no waking
			}
			_, err = signalMain(ctx, lab, p.Node, "CONT")
			return err
		},
	}, err
}

func signalMain(ctx context.Context, lab harness.Lab, node, name string) (harness.Strike, error) {
	return lab.Strike(ctx, []harness.Blow{{
		Node: node, Actions: []harness.Action{{Signal: &harness.Signal{Name: name}}},
	}})
}

// confirmPaused reads the process's state in the node's /proc: T is stopped by a signal.
func confirmPaused(ctx context.Context, lab harness.Lab, node string) (string, error) {
	status, err := lab.Status(ctx, node)
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", node, err)
	}
	stat, err := lab.ReadFile(ctx, node, fmt.Sprintf("/proc/%d/stat", status.PID))
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", node, err)
	}
	// The state follows the command name, which is in parentheses and may hold spaces.
	if _, rest, ok := bytes.Cut(stat, []byte(") ")); !ok || len(rest) == 0 || rest[0] != 'T' {
		return "", fmt.Errorf("the main process of %s is not stopped", node)
	}
	return fmt.Sprintf("the kernel shows pid %d of %s as stopped", status.PID, node), nil
}
