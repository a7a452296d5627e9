package labtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// A FaultCase is a fault under test, and what is particular to it.
type FaultCase struct {
	Fault harness.Fault
	// Refused are the same fault with options that make no sense, such as a node that is not there: each has to be refused with a
	// sentence before anything is done. None: that is not asked.
	Refused []harness.Fault
	// Recovery is what an operator does about the fault, for the question whether a revert is safe after a recovery. nil: that is
	// not asked.
	Recovery harness.Runbook
	// Lasting says why what the fault has done stays so when it is reverted, such as planned work. Its proof is then not asked
	// whether it would hold without the fault. "": all of it can be lifted.
	Lasting string
	// Paths are looked at on every node besides the default ones, and Planned is what may differ on them after the revert.
	Paths   []string
	Planned []drift.Planned
}

// TestFault runs a fault through what every fault has to do, and says in one sentence which point of that is broken; nil when
// none is. The lab is a real one, or one in memory, and is what it was before when the fault is right:
//
//   - it describes itself in one line;
//   - options that make no sense are refused with a sentence before anything is done;
//   - its proof fails when what it does to the lab has no effect (not asked of one that runs commands on nodes: they cannot be
//     left out);
//   - it strikes, within its call, and proves that it bites;
//   - it is reverted, and may be so again, which is no error; the proof then fails within a minute;
//   - within a minute no node differs from what it was before, by a fingerprint;
//   - after a recovery by an operator the revert is no error, and no node differs either.
func TestFault(ctx context.Context, lab harness.Lab, c FaultCase) error {
	if c.Fault == nil {
		return errors.New("there is no fault to test")
	}
	if err := sentence("its description", c.Fault.Describe()); err != nil {
		return fmt.Errorf("the fault %T: %w", c.Fault, err)
	}
	for _, ask := range []func(ctx context.Context, lab harness.Lab) error{c.refuses, c.provesNothing, c.revertsTwice, c.recovers} {
		if err := ask(ctx, lab); err != nil {
			return fmt.Errorf("the fault %q: %w", c.Fault.Describe(), err)
		}
	}
	return nil
}

// refuses injects what makes no sense, where nothing can come of it.
func (c FaultCase) refuses(ctx context.Context, lab harness.Lab) error {
	for _, wrong := range c.Refused {
		idle := &idleLab{Lab: lab}
		_, err := injected(ctx, wrong, idle)
		name := fmt.Sprintf("%+v", wrong)
		switch done := idle.done(); {
		case done != "":
			return fmt.Errorf("%s, which makes no sense, is not refused before anything is done: it did %s", name, done)
		case err == nil:
			return fmt.Errorf("%s, which makes no sense, is injected without an error", name)
		}
		if err := sentence("the error of "+name, err.Error()); err != nil {
			return err
		}
	}
	return nil
}

// provesNothing asks for the proof in a lab in which nothing has an effect.
func (c FaultCase) provesNothing(ctx context.Context, lab harness.Lab) error {
	if c.Lasting != "" {
		return nil
	}
	idle := &idleLab{Lab: lab}
	injection, err := injected(ctx, c.Fault, idle)
	if injection == nil || err != nil {
		return nil //nolint:nilerr // what is wrong with it shows where it is injected
	}
	proof, err := within(ctx, noProofLimit, injection.Confirm)
	switch {
	case errors.Is(err, errLate):
		return fmt.Errorf("its proof: %w", err)
	case err == nil && !idle.ranCommand():
		return fmt.Errorf("it proves %q although nothing of what it did had an effect", proof)
	}
	return nil
}

// noProofLimit is how long a proof that has to fail may wait for what does not come.
const noProofLimit = 5 * time.Second

// revertsTwice brings the fault about and lifts it.
func (c FaultCase) revertsTwice(ctx context.Context, lab harness.Lab) error {
	return c.struck(ctx, lab, func(ctx context.Context, injection harness.Injection) error {
		if err := revert(ctx, injection); err != nil {
			return fmt.Errorf("it is not reverted: %w", err)
		}
		if err := revert(ctx, injection); err != nil {
			return fmt.Errorf("it is not reverted a second time without an error: %w", err)
		}
		if c.Lasting != "" {
			return nil
		}
		return c.provesNoMore(ctx, injection)
	})
}

// waitForNoProof allows for what a system makes of it that the fault is gone, such as who is master.
var waitForNoProof = harness.Wait{For: "the proof to fail", Interval: 200 * time.Millisecond, Limit: time.Minute}

// provesNoMore waits until the proof of a fault that was lifted fails.
func (c FaultCase) provesNoMore(ctx context.Context, injection harness.Injection) error {
	var late error
	err := waitForNoProof.Until(ctx, func(ctx context.Context) error {
		proof, err := within(ctx, noProofLimit, injection.Confirm)
		switch {
		case errors.Is(err, errLate):
			late = fmt.Errorf("its proof: %w", err)
		case err == nil:
			return fmt.Errorf("it proves %q", proof)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("it is still proved after it was reverted: %w", err)
	}
	return late
}

// recovers reverts the fault after an operator has done something about it.
func (c FaultCase) recovers(ctx context.Context, lab harness.Lab) error {
	if c.Recovery == nil {
		return nil
	}
	return c.struck(ctx, lab, func(ctx context.Context, injection harness.Injection) error {
		if failed, err := carryOut(ctx, lab, c.Recovery); err != nil {
			return fmt.Errorf("%s does not recover it: %s: %w", c.Recovery.Name(), failed, err)
		}
		if err := revert(ctx, injection); err != nil {
			return fmt.Errorf("a revert after %s is an error: %w", c.Recovery.Name(), err)
		}
		return nil
	})
}

// struck brings the fault about, has something done about it, and looks whether the nodes are what they were then. Whatever is
// wrong, the fault is lifted.
func (c FaultCase) struck(
	ctx context.Context, lab harness.Lab, about func(ctx context.Context, injection harness.Injection) error,
) error {
	before, err := fingerprints(ctx, lab, c.Paths)
	if err != nil {
		return fmt.Errorf("the lab is not at peace: %w", err)
	}
	injection, err := c.inject(ctx, lab)
	if injection != nil {
		defer func() { _ = revert(context.WithoutCancel(ctx), injection) }()
	}
	if err != nil {
		return err
	}
	proof, err := within(ctx, partLimit, injection.Confirm)
	if err != nil {
		return fmt.Errorf("it does not prove that it bites: %w", err)
	}
	if err := sentence("its proof", proof); err != nil {
		return err
	}
	if err := about(ctx, injection); err != nil {
		return err
	}
	if err := unchanged(ctx, lab, before, c.Paths, c.Planned); err != nil {
		return fmt.Errorf("it leaves nodes different when it was lifted: %w", err)
	}
	return nil
}

// inject brings the fault about.
func (c FaultCase) inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	called := time.Now()
	injection, err := injected(ctx, c.Fault, lab)
	returned := time.Now()
	switch {
	case err != nil:
		return injection, fmt.Errorf("it is not injected: %w", err)
	case injection == nil:
		return nil, errors.New("it returns neither an injection nor an error")
	}
	impact := injection.Impact()
	if !impact.StruckWithin(called, returned) {
		return injection, fmt.Errorf("it says that it struck %v after its call began, which took %v", impact.Before.Sub(called),
			returned.Sub(called))
	}
	return injection, nil
}

func injected(ctx context.Context, fault harness.Fault, lab harness.Lab) (harness.Injection, error) {
	return within(ctx, partLimit, func(ctx context.Context) (harness.Injection, error) { return fault.Inject(ctx, lab) })
}

func revert(ctx context.Context, injection harness.Injection) error {
	return doneWithin(ctx, partLimit, injection.Revert)
}
