package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness"
)

// said is the answer to a question for one text.
func said(text string) []pgproto3.BackendMessage { return found([]string{"said"}, []string{text}) }

// Goal: what a server says of itself decides the claims about a standby and a primary, and one that cannot be asked holds none.
// Method: servers that say each thing, one that is down, one that says nothing in time.
func TestClaimsAboutServers(t *testing.T) {
	down := server()
	down.down = true
	const late, refused = "no answer in time", "dial error: dial tcp: connection refused"
	for _, c := range []struct {
		probe  harness.Probe
		server *fakeServer
		want   string
	}{
		{TakesWrites(database), server(said("off")...), ""},
		{TakesWrites(database), server(said("on")...), "it is read-only"},
		{TakesWrites(database), down, refused},
		{ReadOnly(database), server(said("on")...), ""},
		{ReadOnly(database), server(said("off")...), "it takes writes"},
		{ReadOnly(database), server(silence...), late},
		{Streams(database), server(said("streaming")...), ""},
		{Streams(database), server(said("stopped")...), "its WAL receiver is stopped"},
		{Streams(database), server(said("")...), "it is no standby"},
		{Streams(database), down, refused},
	} {
		t.Run(c.probe.Name()+", "+c.want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				expect(t, c.probe.Check(ctx, c.server), c.want)
			})
		})
	}
}

// Goal: probes look and write nothing. Method: what arrives at a server that answers everything.
func TestClaimsOnlyLook(t *testing.T) {
	machine := server(found([]string{"said", "done"}, []string{"0/3000060", "t"})...)
	for _, probe := range []harness.Probe{
		TakesWrites(database), ReadOnly(database), Streams(database), LagsLessThan(database, database, time.Second),
	} {
		_ = probe.Check(t.Context(), machine)
	}
	asked := machine.asked()
	if len(asked) < 4 || slices.ContainsFunc(asked, func(query string) bool { return !strings.HasPrefix(query, "select ") }) {
		t.Errorf("asked %q", asked)
	}
}

// Goal: a standby lags less than the limit when it has replayed in time what its primary had written, however late it began, and
// the error says how far it is. Method: standbys that are there at once, after some time, after the limit and never, on a fake
// clock; a primary that does not say.
func TestLag(t *testing.T) {
	const late = "wait for postgres on sql-1 to have replayed 0/3000060: not within 1s: it has replayed 0/2000000"
	for name, c := range map[string]struct {
		after time.Duration // that the standby has replayed it; 0 means never
		err   string
	}{
		"at once":  {time.Nanosecond, ""},
		"in time":  {900 * time.Millisecond, ""},
		"too late": {1100 * time.Millisecond, late},
		"never":    {0, late},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machine, began := server(), time.Now()
				machine.reply = func(query string) []pgproto3.BackendMessage {
					if strings.Contains(query, "pg_current_wal_lsn") {
						return said("0/3000060")
					}
					if !strings.Contains(query, ">=  '0/3000060' ::pg_lsn") {
						return []pgproto3.BackendMessage{failure("ERROR", "42601", query), ready}
					}
					columns := []string{"said", "done"}
					if c.after > 0 && time.Since(began) >= c.after {
						return found(columns, []string{"0/3000060", "t"})
					}
					return found(columns, []string{"0/2000000", "f"})
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				expect(t, LagsLessThan(database, database, time.Second).Check(ctx, machine), c.err)
				time.Sleep(time.Minute) // the client takes its time to close a connection on which it is still owed an answer
			})
		})
	}
	down := server()
	down.down = true
	expect(t, LagsLessThan(database, database, time.Second).Check(t.Context(), down),
		"ask postgres on sql-1 how far it is: dial error: dial tcp: connection refused")
}
