package runbook

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
)

// PowerOn is the shortest runbook there is: press the power button of a machine that is off, as at the provider's console.
type PowerOn struct{ Node string }

// Name says whose button.
func (p PowerOn) Name() string { return "power button of " + p.Node }

// Steps presses it.
func (p PowerOn) Steps() []harness.Step { return []harness.Step{powerOn("power on "+p.Node, p.Node)} }

// PowerOff holds a machine's power button, for who has to be sure that it is off.
type PowerOff struct{ Node string }

// Name says whose.
func (p PowerOff) Name() string { return "switch " + p.Node + " off" }

// Steps switch it off.
func (p PowerOff) Steps() []harness.Step {
	return []harness.Step{{
		Name: p.Name(),
		Do:   func(ctx context.Context, operator harness.Operator) error { return operator.PowerOff(ctx, p.Node) },
	}}
}

// PowerCycle switches a machine off and on.
type PowerCycle struct{ Node string }

// Name says which.
func (p PowerCycle) Name() string { return "switch " + p.Node + " off and on" }

// Steps switch it off, and on.
func (p PowerCycle) Steps() []harness.Step {
	return append(PowerOff(p).Steps(), powerOn("switch "+p.Node+" on", p.Node))
}

func powerOn(name, node string) harness.Step {
	return harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		return operator.PowerOn(ctx, node)
	}}
}
