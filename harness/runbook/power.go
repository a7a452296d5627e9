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
func (p PowerOn) Steps() []harness.Step {
	return []harness.Step{{
		Name: "power on " + p.Node,
		Do:   func(ctx context.Context, operator harness.Operator) error { return operator.PowerOn(ctx, p.Node) },
	}}
}

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
