package ganeti

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A Session is an operator's on a cluster's master: its methods are the procedures that begin there.
type Session struct {
	Cluster Cluster
	Master  string
}

// On is a session on a node of the cluster.
func (c Cluster) On(master string) Session { return Session{c, master} }

// order is a procedure of one command on the master.
func (s Session) order(name string, argv ...string) harness.Runbook {
	return order(name, s.Master, argv...)
}

// order is a procedure of one command.
func order(name, node string, argv ...string) harness.Runbook {
	return runbook.Of(name, runbook.Exec(name, node, argv...))
}

// one is a procedure of one step, which has its name.
func one(name string, do func(context.Context, harness.Operator) error) harness.Runbook {
	return runbook.Of(name, harness.Step{Name: name, Do: do})
}

func run(ctx context.Context, operator harness.Operator, node string, argv ...string) error {
	_, err := operator.Exec(ctx, node, argv...)
	return err
}
