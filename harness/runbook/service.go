package runbook

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// The waits of a procedure. Their limits are generous: they end a procedure that hangs, they do not
// judge it. What a recovery may take is the objective's business.
var (
	// seen: 0.5 to 3 s
	waitForAnswer = harness.Wait{For: "its API to answer", Interval: 200 * time.Millisecond, Limit: time.Minute}
	// seen: milliseconds after a SIGKILL
	waitForEnd = harness.Wait{For: "the process to end", Interval: 20 * time.Millisecond, Limit: 10 * time.Second}
)

// oneAnswer is the time limit of one question to one API.
const oneAnswer = 2 * time.Second

// A Service describes a product to its procedures.
type Service struct {
	Product string   // its name in step names, such as "Nomad"
	Roles   []string // of the nodes it runs on
	Only    string   // the one node to work on; "" means every node of the roles
	Folder  string   // of its configuration files

	// Rename gives the node another name in a configuration file.
	Rename func(file harness.File, name string) ([]byte, error)
	// Answers asks the API on the node once, as an operator logged in there.
	Answers func(ctx context.Context, observer harness.Observer, node string) error
}

// On limits the service to one node.
func (s Service) On(node string) Service {
	s.Only = node
	return s
}

// Nodes are the nodes to work on.
func (s Service) Nodes(topology harness.Topology) ([]harness.Node, error) {
	var nodes []harness.Node
	for _, role := range s.Roles {
		for _, node := range topology.Selected(role) {
			if s.Only == "" || s.Only == node.Name {
				nodes = append(nodes, node)
			}
		}
	}
	if _, known := topology.Node(s.Only); !known && s.Only != "" {
		return nil, topology.UnknownNode(s.Only)
	}
	if len(nodes) == 0 && s.Only != "" {
		return nil, fmt.Errorf("no node called %s runs %s", s.Only, s.Product)
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no node of the topology runs %s", s.Product)
	}
	return nodes, nil
}

// onEach makes a step that does the same on all nodes at once.
func (s Service) onEach(
	name string, do func(ctx context.Context, operator harness.Operator, node harness.Node) error,
) harness.Step {
	return harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		nodes, err := s.Nodes(operator.Topology())
		if err != nil {
			return err
		}
		return OnEach(ctx, nodes, func(ctx context.Context, node harness.Node) error {
			return do(ctx, operator, node)
		})
	}}
}

// where names the nodes in step names.
func (s Service) where() string {
	if s.Only != "" {
		return s.Product + " on " + s.Only
	}
	return "every " + s.Product + " agent"
}

// Stop asks the agents to end, all at once.
func (s Service) Stop() harness.Step {
	return s.onEach("stop "+s.where(), func(ctx context.Context, operator harness.Operator, node harness.Node) error {
		return operator.Stop(ctx, node.Name)
	})
}

// Start starts the agents, all at once. It does not wait for them.
func (s Service) Start() harness.Step {
	return s.onEach("start "+s.where(), func(ctx context.Context, operator harness.Operator, node harness.Node) error {
		return operator.Start(ctx, node.Name)
	})
}

// Kill ends the agents with SIGKILL: no leave message to the cluster, nothing flushed. Processes that an
// agent has started on purpose to outlive it go on.
func (s Service) Kill() harness.Step {
	return s.onEach("kill "+s.where(), func(ctx context.Context, operator harness.Operator, node harness.Node) error {
		status, err := operator.Status(ctx, node.Name)
		if err != nil {
			return fmt.Errorf("look up the process: %w", err)
		}
		if !status.Running {
			return nil
		}
		// The shell's own kill: minimal systems have no other.
		if _, err := operator.Exec(ctx, node.Name, "sh", "-c", fmt.Sprintf("kill -KILL %d", status.PID)); err != nil {
			return fmt.Errorf("kill process %d: %w", status.PID, err)
		}
		return waitForEnd.Until(ctx, func(ctx context.Context) error {
			status, err := operator.Status(ctx, node.Name)
			if err == nil && status.Running {
				err = fmt.Errorf("process %d still runs", status.PID)
			}
			return err
		})
	})
}

// Readdress writes the present addresses of all the cluster's nodes into the configuration files,
// and the new names of the nodes that names lists; nil renames nobody.
func (s Service) Readdress(names map[string]string) harness.Step {
	name := "write the new addresses into " + s.Folder
	if len(names) > 0 {
		name = "write the new addresses and names into " + s.Folder
	}
	if s.Only != "" {
		name += " on " + s.Only
	}
	return s.onEach(name, func(ctx context.Context, operator harness.Operator, node harness.Node) error {
		book, err := drift.PresentAddresses(operator)
		if err != nil {
			return err
		}
		return EditFiles(ctx, operator, node, s.Folder, func(file harness.File) ([]byte, error) {
			file.Data = book.Rewrite(file.Data)
			if newName := names[node.Name]; newName != "" {
				return s.Rename(file, newName)
			}
			return file.Data, nil
		})
	})
}

// AwaitAnswers waits until every agent's API answers. It gives up at once on an agent that has
// ended, and says what it printed last.
func (s Service) AwaitAnswers() harness.Step {
	return s.onEach("wait until "+s.where()+" answers", func(ctx context.Context, operator harness.Operator,
		node harness.Node,
	) error {
		err := waitForAnswer.WhileAlive(operator, node.Name).Until(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, oneAnswer)
			defer cancel()
			return harness.Plain(s.Answers(ctx, operator, node.Name))
		})
		if err == nil {
			return nil
		}
		if words := lastWords(ctx, operator, node.Name); words != "" {
			return fmt.Errorf("%w; it last said: %s", err, words)
		}
		return err
	})
}

// lastWords is what the node's agent printed last before it ended; "" while it runs.
func lastWords(ctx context.Context, observer harness.Observer, node string) string {
	status, err := observer.Status(ctx, node)
	if err != nil || status.Running {
		return ""
	}
	lines, err := observer.Log(ctx, node, status.Started.Add(-harness.LogDelay))
	if err != nil {
		return ""
	}
	lines = lines[max(0, len(lines)-enoughLines):]
	said := make([]string, len(lines))
	for i, line := range lines {
		said[i] = strings.TrimSpace(line.Text)
	}
	return strings.Join(said, " | ")
}

// enoughLines of a log hold the reason why an agent ended.
const enoughLines = 3
