package runbook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Run carries out a runbook in peace, before a drill's fault, and says how long it took. It ends with the first step that fails,
// or with the context. Time that is only declared passes at once.
func Run(ctx context.Context, operator harness.Operator, runbook harness.Runbook) (time.Duration, error) {
	began := time.Now()
	for _, step := range runbook.Steps() {
		if err := do(ctx, operator, step); err != nil {
			return time.Since(began), fmt.Errorf("%s: %s: %w", runbook.Name(), step.Name, err)
		}
	}
	return time.Since(began), nil
}

// do carries out one step.
func do(ctx context.Context, operator harness.Operator, step harness.Step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if step.Do == nil {
		return nil
	}
	return step.Do(ctx, operator)
}

// ExpectError claims that a runbook is refused, with words that the operator is told.
type ExpectError struct {
	Runbook harness.Runbook
	With    string
}

// Name says what is refused.
func (e ExpectError) Name() string { return e.Runbook.Name() + ": refused" }

// Steps try it.
func (e ExpectError) Steps() []harness.Step {
	return []harness.Step{{Name: e.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		_, err := Run(ctx, operator, e.Runbook)
		if err == nil {
			return errors.New("it was not refused")
		}
		if !strings.Contains(err.Error(), e.With) {
			return fmt.Errorf("it was refused in other words than %q: %w", e.With, err)
		}
		return nil
	}}}
}
