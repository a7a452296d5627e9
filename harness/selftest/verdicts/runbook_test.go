package verdicts

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A procedure is a runbook as a list of steps.
type procedure struct {
	name  string
	steps []harness.Step
}

func (p procedure) Name() string          { return p.name }
func (p procedure) Steps() []harness.Step { return p.steps }

// A maker makes a step when it is known which server plays what.
type maker func(*stage) harness.Step

// repairing makes a repair of steps, of which the first is to wait until so long after t0.
func repairing(name string, arrival time.Duration, makers ...maker) func(*stage) []harness.Runbook {
	return func(s *stage) []harness.Runbook {
		steps := []harness.Step{arrive(arrival)(s)}
		for _, maker := range makers {
			steps = append(steps, maker(s))
		}
		return []harness.Runbook{procedure{name, steps}}
	}
}

// arrive waits for the operator, who takes the drawn time to come.
func arrive(after time.Duration) maker {
	return func(s *stage) harness.Step {
		return harness.Step{Name: "wait for the operator", Do: func(ctx context.Context, _ harness.Operator) error {
			return waitUntil(ctx, s.ended.Add(after))
		}}
	}
}

// start starts the process of a server.
func start(who part) maker {
	return func(s *stage) harness.Step {
		node := s.node(who)
		return harness.Step{Name: "start " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			return operator.Start(ctx, node)
		}}
	}
}

// startEverything starts every server that does not run.
func startEverything(*stage) harness.Step {
	return harness.Step{Name: "start every server", Do: startAll}
}

// press presses the power button of a server.
func press(who part) maker {
	return func(s *stage) harness.Step { return runbook.PowerOn{Node: s.node(who)}.Steps()[0] }
}

// wake lets the process of a server go on.
func wake(who part) maker {
	return func(s *stage) harness.Step {
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

// ponder reads the state of a server and changes nothing.
func ponder(who part) maker {
	return func(s *stage) harness.Step {
		node := s.node(who)
		return harness.Step{Name: "look at " + node, Do: func(ctx context.Context, operator harness.Operator) error {
			_, err := operator.Status(ctx, node)
			return err
		}}
	}
}

// stumble is a step that goes wrong.
func stumble(*stage) harness.Step {
	return harness.Step{Name: "run a script", Do: func(context.Context, harness.Operator) error { return errOnPurpose }}
}

// blunder loses acknowledged writes as part of the repair.
func blunder(number, anywhere int) maker {
	return func(s *stage) harness.Step {
		return harness.Step{Name: "clean up what looks old", Do: func(ctx context.Context, _ harness.Operator) error {
			return loseAcknowledged(number, anywhere)(ctx, s)
		}}
	}
}

// declare adds time that only people take.
func declare(length time.Duration) maker {
	return func(*stage) harness.Step { return harness.Step{Name: "decide", Declared: length} }
}
