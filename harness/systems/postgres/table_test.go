package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness"
)

// outcomes of a write.
const acknowledged, refusal, unknown = "acknowledged", "refused", "unknown"

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return acknowledged
	case errors.Is(err, harness.ErrRefused):
		return refusal
	}
	return unknown
}

// Goal: a row is acknowledged, refused or unknown as it should be: refused only when it can never
// turn up later.
// Method: write to servers that commit, turn the row away, end the session, hang up, say nothing or
// are not there, with a time limit on a fake clock.
func TestTableTellsOutcomes(t *testing.T) {
	down, starting := server(), server()
	down.down = true
	starting.greet = []pgproto3.BackendMessage{failure("FATAL", "57P03", "the database system is starting up")}
	hungUp := server()
	for name, c := range map[string]struct {
		server  *fakeServer
		outcome string
	}{
		"committed":      {server(complete("INSERT 0 1"), ready), acknowledged},
		"nobody listens": {down, refusal},
		"starting up":    {starting, refusal},
		"read-only": {
			server(failure("ERROR", "25006", "cannot execute INSERT in a read-only transaction"), ready),
			refusal,
		},
		"there already":     {server(failure("ERROR", "23505", "duplicate key value"), ready), refusal},
		"disk full":         {server(failure("ERROR", "53100", "could not extend file"), ready), refusal},
		"committed nothing": {server(complete("INSERT 0 0"), ready), refusal},
		"in another language": {server(&pgproto3.ErrorResponse{
			Severity: "ФАТАЛЬНО", SeverityUnlocalized: "FATAL",
			Code: "57P01",
		}), unknown},
		"ended while at it": {
			server(failure("FATAL", "57P01", "terminating connection due to administrator command")),
			unknown,
		},
		"crashed while at it":          {server(failure("PANIC", "XX000", "could not write to file")), unknown},
		"resolution unknown":           {server(failure("ERROR", "08007", "transaction resolution unknown"), ready), unknown},
		"statement completion unknown": {server(failure("ERROR", "40003", "statement completion unknown"), ready), unknown},
		"hangs up":                     {hungUp, unknown},
		"no answer in time":            {server(silence...), unknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := Table(database, "drill").Write(ctx, c.server, 7)
				if got := outcomeOf(err); got != c.outcome {
					t.Errorf("%s (%v), want %s", got, err, c.outcome)
				}
				if asked := c.server.asked(); len(asked) > 1 {
					t.Errorf("the row was sent more than once: %q", asked)
				}
			})
		})
	}
}

// Goal: the row that is written carries its number, and a table's name cannot end the statement.
// Method: look at the statements that arrive.
func TestTableStatements(t *testing.T) {
	machine := server(complete("INSERT 0 1"), ready)
	expect(t, CreateTable(t.Context(), machine, database, `d"rill`), "")
	expect(t, Table(database, `d"rill`).Write(t.Context(), machine, 42), "")
	want := []string{
		`create table "d""rill" (entry bigint primary key, content text not null)`,
		`insert into "d""rill" values (42, 'entry 42')`,
	}
	if asked := machine.asked(); !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// Goal: what is read back is what still holds its content, and a table that cannot be read is no
// empty table.
// Method: a server with rows of which one has lost its content; one that breaks off in the middle.
func TestTableIsReadBack(t *testing.T) {
	columns := []string{"entry", "content"}
	rows := found(columns, []string{"1", "entry 1"}, []string{"2", ""}, []string{"3", "entry 3"})
	entries, err := Table(database, "drill").Entries(t.Context(), server(rows...))
	expect(t, err, "")
	if !slices.Equal(entries, []int{1, 3}) {
		t.Errorf("found %v", entries)
	}
	broken := append(rows[:2:2], failure("ERROR", "XX001", "invalid page in block 7"), ready)
	if _, err := Table(database, "drill").Entries(t.Context(), server(broken...)); err == nil ||
		!strings.Contains(err.Error(), "invalid page") {
		t.Errorf("the error is %v", err)
	}
	if err := CreateTable(t.Context(), server(failure("ERROR", "42P07", "relation exists"), ready), database, "drill"); err == nil {
		t.Error("a table that was there already was taken for a new one")
	}
}
