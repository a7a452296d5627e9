package harness

import (
	"context"
	"time"
)

// A Runbook is the operator's procedure: the thing under test.
type Runbook interface {
	Name() string
	Steps() []Step
}

// A Step is one step of a runbook.
type Step struct {
	Name string
	// Declared is time that only people or a provider take (an OS reinstall, a decision). It is never
	// slept, always added to the recovery time, always shown as declared. 0 for what is done for real.
	Declared time.Duration
	// Do does it; nil for a step that only declares time.
	Do func(ctx context.Context, operator Operator) error
}
