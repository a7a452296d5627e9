package ganeti

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// MasterFailover makes a node the cluster's master in the place of one that is lost. Without NoVoting the majority of
// all nodes has to answer it, and in a cluster of two nodes there is none: the command refuses.
type MasterFailover struct {
	To       string
	NoVoting bool // nobody is asked: only for an operator who knows that the other one is off
}

// Name says who becomes master, and by whose word.
func (m MasterFailover) Name() string {
	if m.NoVoting {
		return "make " + m.To + " master without a vote"
	}
	return "make " + m.To + " master by a vote"
}

// Steps run the command.
func (m MasterFailover) Steps() []harness.Step {
	argv := []string{"gnt-cluster", "master-failover"}
	if m.NoVoting {
		argv = append(argv, "--no-voting", "--yes-do-it")
	}
	return order(m.Name(), m.To, argv...)
}

// defaultsFile has the arguments of Ganeti's daemons.
const defaultsFile = "/etc/default/ganeti"

// The two lines that let a node's daemons be master without asking the other nodes.
var votelessLines = []string{
	`WCONFD_ARGS="--no-voting --yes-do-it"`,
	`LUXID_ARGS="--no-voting --yes-do-it"`,
}

// AllowNoVoting writes the two lines that let a node be master without a vote whenever its daemons start.
type AllowNoVoting struct{ Node string }

// Name says who.
func (v AllowNoVoting) Name() string { return "let " + v.Node + " be master without a vote" }

// Steps write them.
func (v AllowNoVoting) Steps() []harness.Step {
	return []harness.Step{editDefaults(v.Name(), v.Node, true)}
}

// RequireVoting removes the lines that [AllowNoVoting] has written: the last step, for which two masters are the price.
type RequireVoting struct{ Node string }

// Name says who.
func (v RequireVoting) Name() string { return "let " + v.Node + " ask for votes again" }

// Steps remove them.
func (v RequireVoting) Steps() []harness.Step {
	return []harness.Step{editDefaults(v.Name(), v.Node, false)}
}

func editDefaults(name, node string, voteless bool) harness.Step {
	return harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		text, err := operator.ReadFile(ctx, node, defaultsFile)
		if err != nil {
			return fmt.Errorf("read %s: %w", defaultsFile, err)
		}
		return operator.WriteFile(ctx, node, harness.File{Path: defaultsFile, Data: []byte(withVotes(string(text), voteless))})
	}}
}

// withVotes is the file of defaults with or without the two lines. Whatever else it says of these arguments goes.
func withVotes(text string, voteless bool) string {
	var kept []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "=")
		if name != "WCONFD_ARGS" && name != "LUXID_ARGS" {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	if voteless {
		kept = append(kept, votelessLines...)
	}
	return strings.Join(kept, "\n") + "\n"
}

// IsVoteless tells whether a node's daemons may be master without a vote when they start.
func IsVoteless(ctx context.Context, observer harness.Observer, node string) (bool, error) {
	text, err := observer.ReadFile(ctx, node, defaultsFile)
	if err != nil {
		return false, fmt.Errorf("read %s of %s: %w", defaultsFile, node, err)
	}
	return slices.ContainsFunc(votelessLines, func(line string) bool { return strings.Contains(string(text), line) }), nil
}

// startLog has what the daemons' start says.
const startLog = "/var/log/ganeti/start.log"

// Restart restarts a node's daemons, as after a change of their arguments. A master's daemons that lack votes ask for
// a minute and give up: that they are not there afterwards is for probes to see, so that nothing waits for them.
type Restart struct{ Node string }

// Name says whose.
func (r Restart) Name() string { return "restart Ganeti's daemons on " + r.Node }

// Steps stop them, and begin to start them.
func (r Restart) Steps() []harness.Step {
	return []harness.Step{
		runbook.Exec("stop them on "+r.Node, r.Node, "service", "ganeti", "stop"),
		runbook.Exec("start them on "+r.Node, r.Node, "sh", "-c", "service ganeti start >"+startLog+" 2>&1 </dev/null &"),
	}
}

// waitForNode allows for a machine's boot and its daemons' start.
var waitForNode = harness.Wait{For: "the node's daemon to answer", Interval: 200 * time.Millisecond, Limit: time.Minute}

// SwitchOn presses a node's power button, and waits for its daemon.
type SwitchOn struct{ Node string }

// Name says whose.
func (s SwitchOn) Name() string { return "switch " + s.Node + " on" }

// Steps switch it on.
func (s SwitchOn) Steps() []harness.Step {
	return []harness.Step{{Name: s.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		if err := operator.PowerOn(ctx, s.Node); err != nil {
			return err
		}
		return waitForNode.Until(ctx, func(ctx context.Context) error { return NodeDaemon(s.Node).Check(ctx, operator) })
	}}}
}

// AwaitMasterdExit waits until a node's master daemons, begun by [Restart], have asked for votes in vain and given up.
type AwaitMasterdExit struct{ Node string }

// Name says whose.
func (g AwaitMasterdExit) Name() string {
	return "wait for the master daemons of " + g.Node + " to give up"
}

// waitForGivingUp allows for two daemons that ask for a minute each.
var waitForGivingUp = harness.Wait{For: "the master daemons to give up", Interval: 500 * time.Millisecond, Limit: 3 * time.Minute}

// Steps wait.
func (g AwaitMasterdExit) Steps() []harness.Step {
	return []harness.Step{{Name: g.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		return waitForGivingUp.Until(ctx, func(ctx context.Context) error {
			said, err := operator.ReadFile(ctx, g.Node, startLog)
			if err == nil && !strings.Contains(string(said), noVotes) {
				err = fmt.Errorf("they have said: %s", said)
			}
			return err
		})
	}}}
}

// noVotes is what a master daemon says that gives up.
const noVotes = "Couldn't gather voting results of enough nodes"

// nodeLog is where a node's daemon keeps what it was told and what came of it.
const nodeLog = "/var/log/ganeti/node-daemon.log"

// LeftAddress claims that a node which took itself for the master left the cluster's address alone, because another machine
// answered to it. Ganeti asks five times within a second (fping) before it takes the address.
func LeftAddress(ctx context.Context, observer harness.Observer, node string) error {
	said, err := observer.ReadFile(ctx, node, nodeLog)
	if err != nil {
		return fmt.Errorf("read what the daemon of %s says: %w", node, err)
	}
	if !strings.Contains(string(said), addressIsTaken) {
		return fmt.Errorf("the daemon of %s does not say that %q", node, addressIsTaken)
	}
	return nil
}

// addressIsTaken is what Ganeti's script says that gives a master its address.
const addressIsTaken = "master IP address configured on another machine"

// StepDown has a node that takes itself for the master cease to be it: its daemons stop, and it gives the cluster's
// address up.
type StepDown struct {
	Cluster Cluster
	Node    string
}

// Name says who.
func (s StepDown) Name() string { return "have " + s.Node + " step down" }

// Steps stop the daemons, and take the address away.
func (s StepDown) Steps() []harness.Step {
	return []harness.Step{
		runbook.Exec("stop Ganeti's daemons on "+s.Node, s.Node, "service", "ganeti", "stop"),
		runbook.Exec("take the cluster's address from "+s.Node, s.Node, "ip", "address", "flush", "dev", s.Cluster.Card, "to",
			s.Cluster.Address.String()),
	}
}
