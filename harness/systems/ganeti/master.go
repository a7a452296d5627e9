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

// MasterFailover makes a node the cluster's master in the place of one that is lost, if the majority of all nodes answers
// it: in a cluster of two nodes there is none, and the command refuses.
func MasterFailover(to string) harness.Runbook {
	return order("make "+to+" master by a vote", to, "gnt-cluster", "master-failover")
}

// MasterFailoverWithoutVote does the same and asks nobody: only for an operator who knows that the other one is off.
func MasterFailoverWithoutVote(to string) harness.Runbook {
	return order("make "+to+" master without a vote", to, "gnt-cluster", "master-failover", "--no-voting", "--yes-do-it")
}

// defaultsFile has the arguments of Ganeti's daemons.
const defaultsFile = "/etc/default/ganeti"

// The two lines that let a node's daemons be master without asking the other nodes.
var votelessLines = []string{
	`WCONFD_ARGS="--no-voting --yes-do-it"`,
	`LUXID_ARGS="--no-voting --yes-do-it"`,
}

// AllowNoVoting writes the two lines that let a node be master without a vote whenever its daemons start.
func AllowNoVoting(node string) harness.Runbook {
	return editDefaults("let "+node+" be master without a vote", node, true)
}

// RequireVoting removes the lines that [AllowNoVoting] has written: the last step, for which two masters are the price.
func RequireVoting(node string) harness.Runbook {
	return editDefaults("let "+node+" ask for votes again", node, false)
}

func editDefaults(name, node string, voteless bool) harness.Runbook {
	return one(name, func(ctx context.Context, operator harness.Operator) error {
		text, err := operator.ReadFile(ctx, node, defaultsFile)
		if err != nil {
			return fmt.Errorf("read %s: %w", defaultsFile, err)
		}
		return operator.WriteFile(ctx, node, harness.File{Path: defaultsFile, Data: []byte(withVotes(string(text), voteless))})
	})
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
func Restart(node string) harness.Runbook {
	return runbook.Of("restart Ganeti's daemons on "+node,
		runbook.Exec("stop them on "+node, node, "service", "ganeti", "stop"),
		runbook.Exec("start them on "+node, node, "sh", "-c", "service ganeti start >"+startLog+" 2>&1 </dev/null &"))
}

// waitForNode allows for a machine's boot and its daemons' start.
var waitForNode = harness.Wait{For: "the node's daemon to answer", Interval: 200 * time.Millisecond, Limit: time.Minute}

// SwitchOn presses a node's power button, and waits for its daemon.
func SwitchOn(node string) harness.Runbook {
	return one("switch "+node+" on", func(ctx context.Context, operator harness.Operator) error {
		if err := operator.PowerOn(ctx, node); err != nil {
			return err
		}
		return waitForNode.Until(ctx, func(ctx context.Context) error { return NodeDaemon(node).Check(ctx, operator) })
	})
}

// waitForGivingUp allows for two daemons that ask for a minute each.
var waitForGivingUp = harness.Wait{For: "the master daemons to give up", Interval: 500 * time.Millisecond, Limit: 3 * time.Minute}

// AwaitMasterdExit waits until a node's master daemons, begun by [Restart], have asked for votes in vain and given up.
func AwaitMasterdExit(node string) harness.Runbook {
	name := "wait for the master daemons of " + node + " to give up"
	return one(name, func(ctx context.Context, operator harness.Operator) error {
		return waitForGivingUp.Until(ctx, func(ctx context.Context) error {
			said, err := operator.ReadFile(ctx, node, startLog)
			if err == nil && !strings.Contains(string(said), noVotes) {
				err = fmt.Errorf("they have said: %s", said)
			}
			return err
		})
	})
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
func (c Cluster) StepDown(node string) harness.Runbook {
	return runbook.Of("have "+node+" step down",
		runbook.Exec("stop Ganeti's daemons on "+node, node, "service", "ganeti", "stop"),
		runbook.Exec("take the cluster's address from "+node, node, "ip", "address", "flush", "dev", c.Card, "to", c.Address.String()))
}
