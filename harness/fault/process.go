package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// ProcessKill kills the main process of a node with SIGKILL. What it had started goes on, as under
// an init system that kills the main process only. Reverting starts it again.
type ProcessKill struct {
	Node string
	// Process names the processes to kill instead, as the kernel calls them (up to 15 characters). What starts
	// one of those again is the system's business: reverting does nothing.
	Process string
}

// Describe says whose process.
func (p ProcessKill) Describe() string {
	return fmt.Sprintf("kill -9 of %s of %s", processName(p.Process), p.Node)
}

// Inject kills the process.
func (p ProcessKill) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planNodes(lab, p, p.Node); err != nil {
		return nil, err
	}
	if p.Process != "" {
		return p.injectNamed(ctx, lab)
	}
	impact, err := signal(ctx, lab, p.Node, "KILL", "")
	return &Injection{
		Struck: impact,
		Prove:  confirmEnded(lab, p.Node),
		Lift: func(ctx context.Context) error {
			status, err := lab.Status(ctx, p.Node)
			if err != nil || status.Running {
				return err
			}
			return lab.Start(ctx, p.Node)
		},
	}, err
}

func (p ProcessKill) injectNamed(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	before, err := processesNamed(ctx, lab, p.Node, p.Process)
	if err != nil {
		return nil, err
	}
	impact, err := signal(ctx, lab, p.Node, "KILL", p.Process)
	return &Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			now, err := processesNamed(ctx, lab, p.Node, p.Process)
			if err != nil {
				return "", err
			}
			for _, pid := range before {
				if slices.Contains(now, pid) {
					return "", fmt.Errorf("%s of %s still runs (pid %s)", p.Process, p.Node, pid)
				}
			}
			return fmt.Sprintf("pgrep does not find pid %s (%s) of %s any more", strings.Join(before, " and "), p.Process, p.Node), nil
		},
		Lift: func(context.Context) error { return nil },
	}, err
}

// ProcessPause stops the main process of a node with SIGSTOP: it keeps its connections and answers
// nothing. Reverting lets it go on.
type ProcessPause struct {
	Node    string
	Process string // names the processes to stop instead, as for ProcessKill
}

// Describe says whose process.
func (p ProcessPause) Describe() string {
	return fmt.Sprintf("pause of %s of %s", processName(p.Process), p.Node)
}

// Inject stops the process.
func (p ProcessPause) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	if err := planNodes(lab, p, p.Node); err != nil {
		return nil, err
	}
	if p.Process != "" {
		return p.injectNamed(ctx, lab)
	}
	impact, err := signal(ctx, lab, p.Node, "STOP", "")
	return &Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			status, err := lab.Status(ctx, p.Node)
			if err != nil {
				return "", fmt.Errorf("look at %s: %w", p.Node, err)
			}
			return confirmPaused(ctx, lab, p.Node, "the main process", strconv.Itoa(status.PID))
		},
		Lift: func(ctx context.Context) error {
			status, err := lab.Status(ctx, p.Node)
			if err != nil || !status.Running {
				return err // what has ended needs no waking
			}
			_, err = signal(ctx, lab, p.Node, "CONT", "")
			return err
		},
	}, err
}

func (p ProcessPause) injectNamed(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	stopped, err := processesNamed(ctx, lab, p.Node, p.Process)
	if err != nil {
		return nil, err
	}
	impact, err := signal(ctx, lab, p.Node, "STOP", p.Process)
	return &Injection{
		Struck: impact,
		Prove: forEach(stopped, func(ctx context.Context, pid string) (string, error) {
			return confirmPaused(ctx, lab, p.Node, p.Process, pid)
		}),
		Lift: func(ctx context.Context) error {
			now, err := processesNamed(ctx, lab, p.Node, p.Process)
			if err != nil || !slices.ContainsFunc(now, func(pid string) bool { return slices.Contains(stopped, pid) }) {
				return err
			}
			_, err = signal(ctx, lab, p.Node, "CONT", p.Process)
			return err
		},
	}, err
}

// processName is a process in a sentence.
func processName(name string) string {
	if name == "" {
		return "the main process"
	}
	return name
}

// processesNamed asks the node's own pgrep for the processes of a name; none is no error.
func processesNamed(ctx context.Context, lab harness.Lab, node, name string) ([]string, error) {
	listed, err := lab.Exec(ctx, node, "pgrep", "-x", name)
	var refused *harness.CommandError
	if errors.As(err, &refused) && refused.ExitCode == 1 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for %s on %s: %w", name, node, err)
	}
	return strings.Fields(string(listed)), nil
}

func signal(ctx context.Context, lab harness.Lab, node, name, process string) (harness.Impact, error) {
	return lab.Apply(ctx, []harness.NodeActions{{
		Node: node, Actions: []harness.Action{{Signal: &harness.Signal{Name: name, Process: process}}},
	}})
}

// confirmPaused reads the process's state in the node's /proc: T is stopped by a signal.
func confirmPaused(ctx context.Context, lab harness.Lab, node, name, pid string) (string, error) {
	stat, err := lab.ReadFile(ctx, node, "/proc/"+pid+"/stat")
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", node, err)
	}
	// The state follows the command name, which is in parentheses and may hold spaces.
	if _, rest, ok := bytes.Cut(stat, []byte(") ")); !ok || len(rest) == 0 || rest[0] != 'T' {
		return "", fmt.Errorf("%s of %s is not stopped", name, node)
	}
	return fmt.Sprintf("the kernel shows pid %s of %s as stopped", pid, node), nil
}
