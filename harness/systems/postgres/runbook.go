package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// promoteLimit is how long a standby may take to replay what it has and to become a primary.
const promoteLimit = time.Minute

// Promote has a standby become a primary, as after the loss of the one that it had, and waits for a minute at most until it is.
// The database's user must be allowed to promote, as postgres is; a server that is no standby is an error. Clients are told
// nothing: an address that they use has to be moved to it.
func Promote(standby Database) harness.Runbook {
	name := "promote " + standby.String()
	return runbook.Of(name, harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		var promoted bool
		question := fmt.Sprintf("select pg_promote(true, %d)", int(promoteLimit.Seconds()))
		err := standby.read(ctx, operator, question, &promoted)
		if err == nil && !promoted {
			err = fmt.Errorf("it is still a standby after %v", promoteLimit)
		}
		return err
	}})
}
