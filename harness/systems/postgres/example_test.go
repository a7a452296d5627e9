package postgres_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

// A database that is down, as a drill sees it, and the ledger of its rows.
func Example() {
	database := postgres.Database{Node: "sql-1", Name: "shop"}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "sql-1", IPv6: netip.MustParseAddr("fd00:5::11")}}})
	defer machines.Close()

	answers := postgres.Answers(database)
	fmt.Printf("%s: %v\n", answers.Name(), answers.Check(context.Background(), machines))
	rows := postgres.Table(database, "drill")
	fmt.Printf("%s, one every %v\n", rows.Name(), rows.Interval())
	// Output:
	// shop on sql-1 answers: dial error: dial tcp: connection refused
	// table drill of shop on sql-1, one every 100ms
}
