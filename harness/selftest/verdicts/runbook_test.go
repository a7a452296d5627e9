package verdicts

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A maker makes a step when it is known which server plays what.
type maker func(*drillRun) harness.Step

// repairing makes a repair of steps, of which the first is to wait until so long after t0.
func repairing(name string, arrival time.Duration, makers ...maker) func(*drillRun) []harness.Runbook {
	return func(s *drillRun) []harness.Runbook {
		steps := []harness.Step{arrive(arrival)(s)}
		for _, maker := range makers {
			steps = append(steps, maker(s))
		}
		return []harness.Runbook{runbook.Of(name, steps...)}
	}
}

// arrive waits for the operator, who takes the drawn time to come.
func arrive(after time.Duration) maker {
	return func(s *drillRun) harness.Step {
		return harness.Step{Name: "wait for the operator", Do: func(ctx context.Context, _ harness.Operator) error {
			return waitUntil(ctx, s.ended.Add(after))
		}}
	}
}

// start starts the process of a server.
func start(who role) maker {
	return func(s *drillRun) harness.Step {
		node := s.node(who)
		return harness.Step{Name: "start " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Start(ctx, node)
		}}
	}
}

// startEverything starts every server that does not run.
func startEverything(*drillRun) harness.Step {
	return harness.Step{Name: "start every server", Do: startAll}
}

// press presses the power button of a server.
func press(who role) maker {
	return func(s *drillRun) harness.Step { return runbook.PowerOn{Node: s.node(who)}.Steps()[0] }
}

// wake lets the process of a server go on.
func wake(who role) maker {
	return func(s *drillRun) harness.Step {
		node := s.node(who)
		return harness.Step{Name: "continue " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			status, err := operator.Status(ctx, node)
			if err != nil {
				return err
			}
			_, err = operator.Exec(ctx, node, "sh", "-c", fmt.Sprintf("kill -CONT %d", status.PID))
			return err
		}}
	}
}

// onlyLook reads the state of a server and changes nothing.
func onlyLook(who role) maker {
	return func(s *drillRun) harness.Step {
		node := s.node(who)
		return harness.Step{Name: "look at " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			_, err := operator.Status(ctx, node)
			return err
		}}
	}
}

// fail is a step that goes wrong.
func fail(*drillRun) harness.Step {
	return harness.Step{Name: "run a script", Do: func(context.Context, harness.Operator) error { return errOnPurpose }}
}

// breakOther loses acknowledged writes as part of the repair.
func breakOther(number, anywhere int) maker {
	return func(s *drillRun) harness.Step {
		return harness.Step{Name: "clean up what looks old", Do: func(ctx context.Context, _ harness.Operator) error {
			return loseAcknowledged(number, anywhere)(ctx, s)
		}}
	}
}

// declare adds time that only people take.
func declare(length time.Duration) maker {
	return func(*drillRun) harness.Step { return harness.Step{Name: "decide", Declared: length} }
}
