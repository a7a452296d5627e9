package verdicts

import (
	"context"
	"errors"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A timed fault notes for the drill, by its own clock, between which moments it struck.
type timed struct {
	harness.Fault
	drillRun *drillRun
}

func (t timed) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	t.drillRun.began = time.Now()
	injection, err := t.Fault.Inject(ctx, lab)
	t.drillRun.ended = time.Now()
	return injection, err
}

// killed kills the process of a server.
func killed(who role) func(*drillRun) harness.Fault {
	return func(s *drillRun) harness.Fault { return fault.ProcessKill{Node: s.node(who)} }
}

// lost kills every process of a server's machine; its network says goodbye.
func lost(who role) func(*drillRun) harness.Fault {
	return func(s *drillRun) harness.Fault { return fault.NodeLoss{Node: s.node(who)} }
}

// unpowered pulls a server's plug.
func unpowered(who role) func(*drillRun) harness.Fault {
	return func(s *drillRun) harness.Fault { return fault.PowerLoss{Node: s.node(who)} }
}

// paused stops the process of a server.
func paused(who role) func(*drillRun) harness.Fault {
	return func(s *drillRun) harness.Fault { return fault.ProcessPause{Node: s.node(who)} }
}

// A blackout kills the processes of all servers at one instant.
type blackout struct{}

func (blackout) Describe() string { return "kill -9 of every server at once" }

func (blackout) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	var nodeActions []harness.NodeActions
	for _, node := range lab.Topology().Nodes {
		nodeActions = append(nodeActions, harness.NodeActions{
			Node:    node.Name,
			Actions: []harness.Action{{Signal: &harness.Signal{Name: "KILL"}}},
		})
	}
	impact, err := lab.Apply(ctx, nodeActions)
	return &fault.Injection{
		Struck: impact,
		Prove: func(ctx context.Context) (string, error) {
			err := runbook.OnEach(ctx, lab.Topology().Nodes, func(ctx context.Context, node harness.Node) error {
				status, err := lab.Status(ctx, node.Name)
				if err == nil && status.Running {
					err = errors.New("its process runs")
				}
				return err
			})
			return "no server's process runs", err
		},
		Lift: func(ctx context.Context) error { return startAll(ctx, lab) },
	}, err
}

// startAll starts every server that does not run.
func startAll(ctx context.Context, operator harness.Operator) error {
	return runbook.OnEach(ctx, operator.Topology().Nodes, func(ctx context.Context, node harness.Node) error {
		status, err := operator.Status(ctx, node.Name)
		if err != nil || status.Running {
			return err
		}
		return operator.Start(ctx, node.Name)
	})
}

// A fleeting fault is over before anybody can prove it.
type fleeting struct{ harness.Fault }

func (f fleeting) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	injection, err := f.Fault.Inject(ctx, lab)
	if err == nil {
		err = injection.Revert(ctx)
	}
	return injection, err
}
