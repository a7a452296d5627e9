package harness

import "context"

// PowerButton is the shortest runbook there is: press the power button of a machine that is off, as
// at the provider's console.
type PowerButton struct {
	Node string
}

// Name says whose button.
func (p PowerButton) Name() string { return "power button of " + p.Node }

// Steps presses it.
func (p PowerButton) Steps() []Step {
	return []Step{{
		Name: "power on " + p.Node,
		Do:   func(ctx context.Context, operator Operator) error { return operator.PowerOn(ctx, p.Node) },
	}}
}
