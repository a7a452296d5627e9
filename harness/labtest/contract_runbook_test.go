package labtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A plan is a runbook of these steps.
type plan struct {
	name  string
	steps func() []harness.Step
}

func (p plan) Name() string          { return p.name }
func (p plan) Steps() []harness.Step { return p.steps() }

// restartOne is a runbook that is right.
func restartOne() []harness.Step {
	return []harness.Step{
		{Name: "decide", Declared: time.Minute},
		{Name: "stop it", Do: func(ctx context.Context, operator harness.Operator) error { return operator.Stop(ctx, "one") }},
		{Name: "start it", Do: func(ctx context.Context, operator harness.Operator) error { return operator.Start(ctx, "one") }},
	}
}

// Goal: a runbook that is right passes, and every point of the contract can be broken. Method: one that is right, and the same
// one with one thing wrong at a time, in memory and on a fake clock.
func TestRunbookContract(t *testing.T) {
	for want, broken := range map[string]func(right *plan, steps []harness.Step) []harness.Step{
		"": func(_ *plan, steps []harness.Step) []harness.Step { return steps },
		"its name is empty": func(right *plan, steps []harness.Step) []harness.Step {
			right.name = ""
			return steps
		},
		"it has no steps": func(*plan, []harness.Step) []harness.Step { return nil },
		`two of its steps are named "stop it"`: func(_ *plan, steps []harness.Step) []harness.Step {
			steps[2].Name = "stop it"
			return steps
		},
		"the name of step 2 is empty": func(_ *plan, steps []harness.Step) []harness.Step {
			steps[1].Name = ""
			return steps
		},
		`step "decide" declares -1m0s`: func(_ *plan, steps []harness.Step) []harness.Step {
			steps[0].Declared = -time.Minute
			return steps
		},
		`step "decide" neither does anything nor declares time`: func(_ *plan, steps []harness.Step) []harness.Step {
			steps[0].Declared = 0
			return steps
		},
		`step "start it" is done although no machine could be reached`: func(_ *plan, steps []harness.Step) []harness.Step {
			do := steps[2].Do
			steps[2].Do = func(ctx context.Context, operator harness.Operator) error {
				_ = do(ctx, operator)
				return nil
			}
			return steps
		},
		`step "start it": it still goes on 5s after`: func(_ *plan, steps []harness.Step) []harness.Step {
			do := steps[2].Do
			steps[2].Do = func(ctx context.Context, operator harness.Operator) error {
				return do(context.WithoutCancel(ctx), operator)
			}
			return steps
		},
		`the error of step "stop it" is not one line`: func(_ *plan, steps []harness.Step) []harness.Step {
			do := steps[1].Do
			steps[1].Do = func(ctx context.Context, operator harness.Operator) error {
				return errors.Join(do(ctx, operator), ctx.Err(), errors.New("sorry"))
			}
			return steps
		},
		`step "stop it" fails: it panicked`: func(_ *plan, steps []harness.Step) []harness.Step {
			do := steps[1].Do
			steps[1].Do = func(ctx context.Context, operator harness.Operator) error {
				if err := do(ctx, operator); err != nil {
					return err
				}
				operator.(harness.Lab).Interruptions()
				return nil
			}
			return steps
		},
		`step "start it" fails: already running`: func(_ *plan, steps []harness.Step) []harness.Step {
			return slices.Delete(steps, 1, 2)
		},
		`it promises "it is known", which does not hold when it is done`: func(_ *plan, steps []harness.Step) []harness.Step {
			return append(steps, harness.Step{Name: "tidy up", Do: func(ctx context.Context, operator harness.Operator) error {
				return operator.RemoveFile(ctx, "one", "/etc/hosts")
			}})
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machines := hosted(t)
				right := plan{name: "restart it"}
				right.steps = func() []harness.Step { return broken(&right, restartOne()) }
				right.steps()
				promises := []harness.Probe{question{name: "it is known", period: time.Second}}
				Expect(t, TestRunbook(t.Context(), machines, RunbookCase{Runbook: right, Promises: promises}), want)
			})
		})
	}
	Expect(t, TestRunbook(t.Context(), twoMachines(t), RunbookCase{}), "there is no runbook to test")
}

// Goal: a runbook that is not carried out changes nothing, and its steps are asked all the same. Method: one that is right, and
// one with a step without a name.
func TestRunbookUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := hosted(t)
		machines.Journal()
		promises := []harness.Probe{question{name: "it is known", never: true}}
		undone := RunbookCase{Runbook: plan{"restart it", restartOne}, Undone: "nobody may", Promises: promises}
		Expect(t, TestRunbook(t.Context(), machines, undone), "")
		if done := machines.Journal(); len(done) > 0 {
			t.Errorf("done was %q", done)
		}
		undone.Runbook = plan{"restart it", func() []harness.Step { return []harness.Step{{Declared: time.Second}} }}
		Expect(t, TestRunbook(t.Context(), machines, undone), "the name of step 1 is empty")
	})
}

// Goal: what comes behind a step that failed is not done, and steps that are others each time are told. Method: a runbook whose
// first step fails, and one that counts.
func TestRunbookStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machines := hosted(t)
		Expect(t, machines.Stop(t.Context(), "one"), "")
		machines.Journal()
		twice := plan{"start it", func() []harness.Step {
			start := restartOne()[2].Do
			return []harness.Step{
				{Name: "start it", Do: start},
				{Name: "start it again", Do: start},
				{Name: "stop it", Do: restartOne()[1].Do},
			}
		}}
		Expect(t, TestRunbook(t.Context(), machines, RunbookCase{Runbook: twice}), `step "start it again" fails: already running`)
		if done := machines.Journal(); !slices.Equal(done, []string{"start one"}) {
			t.Errorf("done was %q", done)
		}
		count := 0
		counts := plan{"count", func() []harness.Step {
			count++
			return []harness.Step{{Name: "step " + string(rune('0'+count)), Declared: time.Second}}
		}}
		Expect(t, TestRunbook(t.Context(), machines, RunbookCase{Runbook: counts}), `its steps are others each time`)
	})
}
