package postgres_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

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

// A standby that takes the place of its primary, as a drill sees both, and the address that clients use.
func ExamplePromote() {
	primary, standby := postgres.Database{Node: "db-1"}, postgres.Database{Node: "db-2"}
	service := postgres.Database{At: netip.MustParseAddr("10.210.7.100")}
	for _, probe := range []harness.Probe{
		postgres.TakesWrites(service), postgres.Streams(standby), postgres.ReadOnly(standby),
		postgres.LagsLessThan(standby, primary, time.Second),
	} {
		fmt.Println(probe.Name())
	}
	fmt.Println("the operator's part:", postgres.Promote(standby).Name())
	// Output:
	// postgres at 10.210.7.100 takes writes
	// postgres on db-2 streams
	// postgres on db-2 is read-only
	// postgres on db-2 lags less than 1s behind postgres on db-1
	// the operator's part: promote postgres on db-2
}
