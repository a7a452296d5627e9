package labtest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reprise-dr/reprise/harness"
)

// A RunbookCase is a runbook under test, and what is particular to it.
type RunbookCase struct {
	Runbook harness.Runbook
	// Promises hold when it is done, or do within two minutes.
	Promises []harness.Probe
	// Undone says why it is not carried out, such as a machine in memory that does not know its commands: what it promises is then
	// not asked either. "": it is.
	Undone string
}

// TestRunbook runs a runbook through what every runbook has to do, and says in one sentence which point of that is broken; nil
// when none is. It is carried out once on the machines, which are in a state that it is for, unless the case says why not.
//
//   - it has a name in one line and steps, the same ones each time;
//   - each step has a name in one line that no other has, and does something or declares time, which is not negative;
//   - a step that turns to machines of which none can be reached fails, with a sentence;
//   - a step that turns to machines that never answer ends with an error soon after its context;
//   - carried out in order, no step fails, and an Operator is enough for it: it never turns that into something that can do more.
//     What comes behind a step that failed is not done;
//   - what it promises holds afterwards.
func TestRunbook(ctx context.Context, machines harness.Operator, c RunbookCase) error {
	if c.Runbook == nil {
		return errors.New("there is no runbook to test")
	}
	name := c.Runbook.Name()
	if err := sentence("its name", name); err != nil {
		return fmt.Errorf("the runbook %T: %w", c.Runbook, err)
	}
	operator := partialOperator{newPartialObserver(machines), machines}
	defer operator.close()
	for _, ask := range []func(ctx context.Context, operator partialOperator) error{
		c.isWellFormed, c.failsAlone, c.ends, c.isDone, c.keepsPromises,
	} {
		if err := ask(ctx, operator); err != nil {
			return fmt.Errorf("the runbook %q: %w", name, err)
		}
	}
	return nil
}

// isWellFormed looks at the steps, and does none.
func (c RunbookCase) isWellFormed(context.Context, partialOperator) error {
	if again := c.Runbook.Name(); again != c.Runbook.Name() {
		return fmt.Errorf("its name becomes %q", again)
	}
	names := stepNames(c.Runbook)
	if len(names) == 0 {
		return errors.New("it has no steps")
	}
	for i, step := range c.Runbook.Steps() {
		switch {
		case i >= len(names) || step.Name != names[i]:
			return fmt.Errorf("its steps are others each time: step %d is %q now", i+1, step.Name)
		case slices.Contains(names[:i], step.Name):
			return fmt.Errorf("two of its steps are named %q", step.Name)
		case step.Declared < 0:
			return fmt.Errorf("step %q declares %v: it must not be negative", step.Name, step.Declared)
		case step.Do == nil && step.Declared == 0:
			return fmt.Errorf("step %q neither does anything nor declares time", step.Name)
		}
		if err := sentence(fmt.Sprintf("the name of step %d", i+1), step.Name); err != nil {
			return err
		}
	}
	return nil
}

func stepNames(runbook harness.Runbook) []string {
	var names []string
	for _, step := range runbook.Steps() {
		names = append(names, step.Name)
	}
	return names
}

// failsAlone does each step where no machine can be reached.
func (c RunbookCase) failsAlone(ctx context.Context, operator partialOperator) error {
	return c.eachStep(ctx, operator, gone, "although no machine could be reached")
}

// ends does each step where no machine answers.
func (c RunbookCase) ends(ctx context.Context, operator partialOperator) error {
	return c.eachStep(ctx, operator, silent, "although no machine has answered")
}

// eachStep does every step by itself on machines in that condition, which it cannot change.
func (c RunbookCase) eachStep(ctx context.Context, operator partialOperator, now condition, although string) error {
	for _, step := range c.Runbook.Steps() {
		if step.Do == nil {
			continue
		}
		operator.set(now, 0)
		err := doneWithin(ctx, endLimit, func(ctx context.Context) error { return step.Do(ctx, operator) })
		switch {
		case errors.Is(err, errLate):
			return fmt.Errorf("step %q: %w", step.Name, err)
		case err == nil && operator.calls() > 0:
			return fmt.Errorf("step %q is done %s", step.Name, although)
		case err == nil:
			continue
		}
		if err := sentence(fmt.Sprintf("the error of step %q", step.Name), err.Error()); err != nil {
			return err
		}
	}
	return nil
}

// isDone carries the runbook out.
func (c RunbookCase) isDone(ctx context.Context, operator partialOperator) error {
	if c.Undone != "" {
		return nil
	}
	operator.set(whole, 0)
	if failed, err := carryOut(ctx, operator, c.Runbook); err != nil {
		return fmt.Errorf("step %q fails: %w", failed, err)
	}
	return nil
}

// carryOut does the steps of a runbook in order, up to one that fails.
func carryOut(ctx context.Context, operator harness.Operator, runbook harness.Runbook) (failed string, err error) {
	for _, step := range runbook.Steps() {
		if step.Do == nil {
			continue
		}
		if err := doneWithin(ctx, partLimit, func(ctx context.Context) error { return step.Do(ctx, operator) }); err != nil {
			return step.Name, err
		}
	}
	return "", nil
}

// keepsPromises looks at what was promised.
func (c RunbookCase) keepsPromises(ctx context.Context, operator partialOperator) error {
	if c.Undone != "" {
		return nil
	}
	for _, promise := range c.Promises {
		err := waitForClaim.Until(ctx, func(ctx context.Context) error {
			return doneWithin(ctx, oneCheck, func(ctx context.Context) error { return promise.Check(ctx, operator.partialObserver) })
		})
		if err != nil {
			return fmt.Errorf("it promises %q, which does not hold when it is done: %w", promise.Name(), err)
		}
	}
	return nil
}
