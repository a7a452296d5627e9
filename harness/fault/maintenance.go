package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Maintenance is planned work as the cause of a drill: what do clients see of an upgrade? The work is
// done when Inject returns, and the outage with it perhaps: Detect looks at everything since t0, which
// is before the first step. There is nothing to revert.
type Maintenance struct {
	Runbook harness.Runbook // its steps declare no time: a fault takes as long as it takes
}

// Describe names the work.
func (m Maintenance) Describe() string {
	if m.Runbook == nil {
		return "maintenance"
	}
	return "maintenance: " + m.Runbook.Name()
}

// Inject does the work, step by step. It ends with the first step that fails.
func (m Maintenance) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	steps, err := m.plan()
	if err != nil {
		return nil, fmt.Errorf("plan the %s: %w", m.Describe(), err)
	}
	work := &work{steps: steps}
	began := time.Now()
	err = work.do(ctx, lab)
	return &Injection{
		Struck: harness.Impact{Before: began},
		Prove:  func(context.Context) (string, error) { return work.confirm() },
		Lift:   func(context.Context) error { return nil }, // what was done on purpose stays done
	}, err
}

func (m Maintenance) plan() ([]harness.Step, error) {
	if m.Runbook == nil {
		return nil, errors.New("no runbook is given")
	}
	steps := m.Runbook.Steps()
	if len(steps) == 0 {
		return nil, errors.New("its runbook has no steps")
	}
	for _, step := range steps {
		if step.Do == nil || step.Declared != 0 {
			return nil, fmt.Errorf("the step %q declares time, which a fault cannot", step.Name)
		}
	}
	return steps, nil
}

// Work is a list of steps, and how long those took that were carried out.
type work struct {
	steps []harness.Step
	took  []time.Duration
}

func (w *work) do(ctx context.Context, operator harness.Operator) error {
	for _, step := range w.steps {
		if ctx.Err() != nil {
			return fmt.Errorf("step %q: %w", step.Name, context.Cause(ctx))
		}
		began := time.Now()
		if err := step.Do(ctx, operator); err != nil {
			return fmt.Errorf("step %q: %w", step.Name, err)
		}
		w.took = append(w.took, time.Since(began))
	}
	return nil
}

// confirm says that every step was carried out. What it did to the service is for the probes to say.
func (w *work) confirm() (string, error) {
	if done := len(w.took); done < len(w.steps) {
		return "", fmt.Errorf("%d of %d steps were carried out: %q was not", done, len(w.steps), w.steps[done].Name)
	}
	var done []string
	for i, step := range w.steps {
		done = append(done, fmt.Sprintf("%s (%v)", step.Name, w.took[i].Round(time.Millisecond)))
	}
	return "carried out: " + strings.Join(done, ", "), nil
}
