package fault

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An upgrade is a runbook of steps that take a second each.
type upgrade struct{ steps []harness.Step }

func (upgrade) Name() string            { return "upgrade of Traefik" }
func (u upgrade) Steps() []harness.Step { return u.steps }

// Goal: the work is done to its end, t0 is before it, and the proof says what was done.
// Method: two steps that take a second each, on a fake clock; revert does nothing.
func TestMaintenance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done []harness.Operator
		second := func(_ context.Context, operator harness.Operator) error {
			done = append(done, operator)
			<-time.After(time.Second)
			return nil
		}
		lab, began := newFakeLab(), time.Now()
		fault := Maintenance{Runbook: upgrade{[]harness.Step{{Name: "drain", Do: second}, {Name: "swap", Do: second}}}}
		injection, err := fault.Inject(t.Context(), lab)
		if err != nil || len(done) != 2 || done[0] != harness.Operator(lab) {
			t.Fatalf("%d steps were carried out: %v", len(done), err)
		}
		if !injection.Impact().Before.Equal(began) {
			t.Errorf("t0 is %v after the work began", injection.Impact().Before.Sub(began))
		}
		if seen, err := injection.Confirm(t.Context()); err != nil || seen != "carried out: drain (1s), swap (1s)" {
			t.Errorf("confirmed by %q, %v", seen, err)
		}
		if err := injection.Revert(t.Context()); err != nil || len(done) != 2 {
			t.Errorf("the revert: %v, %d steps", err, len(done))
		}
		if fault.Describe() != "maintenance: upgrade of Traefik" {
			t.Errorf("it describes itself as %q", fault.Describe())
		}
	})
}

// Goal: work that was not done to its end is not confirmed. Method: a step that fails, and a caller
// who gives up, before another step.
func TestMaintenanceThatFails(t *testing.T) {
	for want, fails := range map[string]func(cancel context.CancelFunc) error{
		`step "drain": no such pod`:     func(context.CancelFunc) error { return errors.New("no such pod") },
		`step "swap": context canceled`: func(cancel context.CancelFunc) error { cancel(); return nil },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		fault := Maintenance{Runbook: upgrade{[]harness.Step{
			{Name: "drain", Do: func(context.Context, harness.Operator) error { return fails(cancel) }},
			{Name: "swap", Do: func(context.Context, harness.Operator) error {
				t.Error("the second step was carried out")
				return nil
			}},
		}}}
		injection, err := fault.Inject(ctx, newFakeLab())
		if err == nil || err.Error() != want || injection == nil {
			t.Fatalf("injected: %v, %v, want %s", injection, err, want)
		}
		if seen, err := injection.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), "of 2 steps") {
			t.Errorf("confirmed by %q, %v", seen, err)
		}
	}
}

// Goal: maintenance that makes no sense is refused before anything is done. Method: no runbook, no
// steps, declared time.
func TestMaintenanceRefuses(t *testing.T) {
	for want, fault := range map[string]Maintenance{
		"no runbook":    {},
		"no steps":      {upgrade{}},
		"declares time": {upgrade{[]harness.Step{{Name: "wait for the provider", Declared: time.Minute}}}},
		"which a fault c": {upgrade{[]harness.Step{{
			Name: "reinstall", Declared: time.Minute,
			Do: func(context.Context, harness.Operator) error {
				t.Error("the step was carried out")
				return nil
			},
		}}}},
	} {
		injection, err := fault.Inject(t.Context(), newFakeLab())
		if injection != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %q", fault.Describe(), err, want)
		}
	}
}
