package postgres

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: the claim holds when the server answers the question, and otherwise the error says in few
// words what was seen.
// Method: ask servers in different states, with a time limit on a fake clock.
func TestAnswers(t *testing.T) {
	starting := server()
	starting.greet = []pgproto3.BackendMessage{failure("FATAL", "57P03", "the database system is starting up")}
	down := server()
	down.down = true
	hungUp, mute := server(), server(silence...)
	for name, c := range map[string]struct {
		server *fakeServer
		want   string
	}{
		"up":                {server(found([]string{"entry"}, []string{"1"})...), ""},
		"another answer":    {server(found([]string{"entry"}, []string{"2"})...), "asked for 1, answered 2"},
		"no row":            {server(found([]string{"entry"})...), "no rows in result set"},
		"an error":          {server(failure("ERROR", "53300", "out of memory"), ready), "ERROR: out of memory (SQLSTATE 53300)"},
		"starting up":       {starting, "FATAL: the database system is starting up (SQLSTATE 57P03)"},
		"nobody listens":    {down, "dial error: dial tcp: connection refused"},
		"no answer in time": {mute, "no answer in time"},
		"hangs up":          {hungUp, "the connection ended before the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				expect(t, Answers(database).Check(ctx, c.server), c.want)
			})
		})
	}
}

// Goal: every question comes from the observer over a connection of its own, to where the node is
// now, and says who asks; what the person who runs the drill has in the environment changes nothing.
// Method: ask before and after the node has moved, with an environment that points elsewhere.
func TestEveryQuestionHasItsOwnConnection(t *testing.T) {
	t.Setenv("PGHOST", "elsewhere.example")
	t.Setenv("PGUSER", "somebody")
	t.Setenv("PGDATABASE", "other")
	t.Setenv("PGOPTIONS", "-c search_path=other")
	t.Setenv("PGTARGETSESSIONATTRS", "read-write")
	machine := server(found([]string{"entry"}, []string{"1"})...)
	expect(t, Answers(database).Check(t.Context(), machine), "")
	machine.Renumber("sql-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::11")})
	expect(t, Answers(Database{Node: "sql-1", Port: 6432, Name: "shop", User: "till"}).Check(t.Context(), machine), "")
	if want := []string{"observer tcp [fd00:d9::11]:5432", "observer tcp [fd00:d2::11]:6432"}; !slices.Equal(machine.dialled, want) {
		t.Errorf("dialled %v, want %v", machine.dialled, want)
	}
	if got := machine.startup; got["user"] != "till" || got["database"] != "shop" || got["application_name"] != "reprise" ||
		got["options"] != "" {
		t.Errorf("the client said %v", got)
	}
	if asked := machine.asked(); len(asked) != 2 {
		t.Errorf("asked %q: want one query per question", asked)
	}
}

// Goal: a question about a node that is not there is an error. Method: ask one.
func TestUnknownNode(t *testing.T) {
	expect(t, Answers(Database{Node: "sql-9"}).Check(t.Context(), server()),
		`look up the addresses of sql-9: the topology has no node "sql-9": its nodes are sql-1`)
}

// Goal: a server that is reached at an address of its own is asked there, wherever its node is.
// Method: ask one whose node is unknown.
func TestAddressOfItsOwn(t *testing.T) {
	machine := server(found([]string{"entry"}, []string{"1"})...)
	moving := Database{At: netip.MustParseAddr("10.201.6.100"), Name: "shop"}
	expect(t, Answers(moving).Check(t.Context(), machine), "")
	if want := []string{"observer tcp 10.201.6.100:5432"}; !slices.Equal(machine.dialled, want) ||
		moving.String() != "shop at 10.201.6.100" {
		t.Errorf("dialled %v as %s, want %v", machine.dialled, moving, want)
	}
}
