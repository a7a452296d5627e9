package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// answersPeriod is how often a server is asked. Each question costs it a process of its own.
const answersPeriod = 200 * time.Millisecond

// Answers claims that the server accepts a connection and answers a SELECT. It is asked every 200 ms.
func Answers(database Database) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s answers", database), Every: answersPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			var one int
			if err := database.read(ctx, observer, "select 1", &one); err != nil {
				return err
			}
			if one != 1 {
				return fmt.Errorf("asked for 1, answered %d", one)
			}
			return nil
		},
	}
}
