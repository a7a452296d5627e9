package runbook

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Of is a runbook of these steps.
func Of(name string, steps ...harness.Step) harness.Runbook { return list{name, steps} }

type list struct {
	name  string
	steps []harness.Step
}

func (l list) Name() string          { return l.name }
func (l list) Steps() []harness.Step { return l.steps }

// Exec is a step that runs a command on a node.
func Exec(name, node string, argv ...string) harness.Step {
	return harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		_, err := operator.Exec(ctx, node, argv...)
		return err
	}}
}

// Reinstall has a provider put a fresh operating system on a machine.
type Reinstall struct {
	Node     string
	Declared time.Duration // what that takes a provider; it is added to what it takes here
}

// Name says whose.
func (r Reinstall) Name() string { return "have the provider reinstall " + r.Node }

// Steps have it reinstalled.
func (r Reinstall) Steps() []harness.Step {
	return []harness.Step{{
		Name: "reinstall the operating system of " + r.Node, Declared: r.Declared,
		Do: func(ctx context.Context, operator harness.Operator) error { return operator.Reinstall(ctx, r.Node) },
	}}
}
