package ganeti

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Retry is a runbook whose steps are done again when a node's daemon did not answer within the five seconds that Ganeti
// gives it: on a busy machine that happens, and people then give the command again. It is for commands that do
// not mind.
func Retry(procedure harness.Runbook) harness.Runbook {
	steps := slices.Clone(procedure.Steps())
	for i, step := range steps {
		if step.Do == nil {
			continue
		}
		steps[i].Do = func(ctx context.Context, operator harness.Operator) error {
			return untilAnswered(ctx, func(ctx context.Context) error { return step.Do(ctx, operator) })
		}
	}
	return runbook.Of(procedure.Name(), steps...)
}

// waitForAnswer allows for a command that takes a minute and fails a few times, and for a node that is software all through
// and beside other work: it has been seen to take four minutes to be added.
var waitForAnswer = harness.Wait{For: "the nodes' daemons to answer in time", Interval: time.Second, Limit: 10 * time.Minute}

// untilAnswered does something again and again until a node's daemon answers in time, whatever it says then.
func untilAnswered(ctx context.Context, do func(ctx context.Context) error) error {
	var final error
	err := waitForAnswer.Until(ctx, func(ctx context.Context) error {
		err := do(ctx)
		if timedOut(err) {
			return err
		}
		final = err
		return nil
	})
	return harness.JoinErrors(err, final)
}

// timedOut tells whether a command failed because a node's daemon did not answer within the five seconds that Ganeti
// gives it. On a busy machine that happens, and people then give the command again.
func timedOut(err error) bool { return err != nil && strings.Contains(err.Error(), "Error 28: ") }
