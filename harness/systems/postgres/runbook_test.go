package postgres

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness/runbook"
)

// Goal: a standby is told to become a primary once, and the runbook fails unless it has become one. Method: servers that have,
// have not in time, are no standby, and are not there.
func TestPromote(t *testing.T) {
	down := server()
	down.down = true
	const step = "promote postgres on sql-1: promote postgres on sql-1: "
	noStandby := []pgproto3.BackendMessage{failure("ERROR", "55000", "recovery is not in progress"), ready}
	for name, c := range map[string]struct {
		server *fakeServer
		want   string
	}{
		"promoted":   {server(found([]string{"done"}, []string{"t"})...), ""},
		"not yet":    {server(found([]string{"done"}, []string{"f"})...), step + "it is still a standby after 1m0s"},
		"no standby": {server(noStandby...), step + "ERROR: recovery is not in progress (SQLSTATE 55000)"},
		"down":       {down, step + "dial error: dial tcp: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runbook.Run(t.Context(), c.server, Promote(database))
			expect(t, err, c.want)
			if asked := c.server.asked(); !c.server.down && !slices.Equal(asked, []string{"select pg_promote(true, 60)"}) {
				t.Errorf("asked %q", asked)
			}
		})
	}
}
