// Package shop is a system that Reprise does not know: the database of a shop, a PostgreSQL primary with a streaming standby,
// made from Debian packages. Clients ask a service address, which is on the machine that the operator has last moved it to.
package shop

import (
	"context"
	_ "embed"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

// The machines.
const (
	Primary = "db-1"
	Standby = "db-2"
)

// card is what the machines call their interface.
const card = "lan0"

var lan = harness.NewNetwork("lan", 7)

var (
	//go:embed database.sh
	start []byte
	//go:embed postgresql.conf
	configuration []byte
	//go:embed pg_hba.conf
	clients []byte
)

// Topology is the two machines. The standby is started when the primary takes connections, and copies it.
func Topology() harness.Topology {
	primary := lan.Node(Primary, "database", 11, database())
	standby := lan.Node(Standby, "database", 12, database())
	standby.System.Environment = map[string]string{"STANDBY_OF": Primary}
	standby.After = []string{Primary}
	primary.Interface, standby.Interface = card, card
	return harness.Topology{Name: "shop", Networks: []harness.Network{lan}, Nodes: []harness.Node{primary, standby}}
}

// database is PostgreSQL on a machine.
func database() harness.System {
	image := fixtures.Packages("acme-postgresql", "postgresql-15", "iputils-arping")
	// Queries are compiled by LLVM, which is a third of the packages, and nobody asks anything that is worth it.
	image.Recipe.Without = []string{"/usr/lib/*/libLLVM*", "/usr/lib/postgresql/*/lib/bitcode/*"}
	return harness.System{
		Image:   image,
		Command: []string{"/usr/local/sbin/database"},
		User:    "postgres", // PostgreSQL refuses to be root
		Files: []harness.File{
			{Path: "/usr/local/sbin/database", Mode: 0o755, Data: start},
			{Path: "/etc/postgresql/15/main/conf.d/shop.conf", Data: configuration},
			{Path: "/etc/postgresql/15/main/pg_hba.conf", Data: clients},
		},
		Capabilities: harness.Capabilities{"NET_ADMIN": "it has the service address", "NET_RAW": "it announces the address"},
		StopSignal:   "INT", // a fast shutdown; TERM would wait for the clients to leave
		Ready:        []string{"/usr/lib/postgresql/15/bin/pg_isready", "--quiet", "--host=127.0.0.1"},
		Versions:     map[string]string{"postgresql": "15"},
	}
}

// serviceAddress is what clients ask.
func serviceAddress() netip.Addr { return lan.Host(100).IPv4 }

// Service is the database as clients know it.
func Service() postgres.Database { return postgres.Database{At: serviceAddress()} }

// MoveAddress gives the service address to a machine, and tells all others there. Who had it before must have lost its power,
// or the address.
func MoveAddress(to string) harness.Runbook {
	address := serviceAddress().String()
	return runbook.Of("move the service address to "+to,
		runbook.Exec("give "+address+" to "+to, to, "ip", "address", "add", address+"/24", "dev", card),
		runbook.Exec("announce it", to, "arping", "-q", "-U", "-c", "1", "-I", card, address),
	)
}

// Open gives the service address to the primary and makes the table of orders, as somebody did years ago.
func Open(ctx context.Context, operator harness.Operator) error {
	if _, err := runbook.Run(ctx, operator, MoveAddress(Primary)); err != nil {
		return err
	}
	return postgres.CreateTable(ctx, operator, Service(), orders)
}

// Failover is what the operator does when the primary is lost: promote the standby, and give it the service address.
func Failover() []harness.Runbook {
	return []harness.Runbook{postgres.Promote(standby()), MoveAddress(Standby)}
}

// Moved is what a failover leaves different on a machine, as it should.
func Moved() drift.Planned {
	return drift.Planned{
		Node: Standby, Kind: harness.KindAddress, Key: card + " " + serviceAddress().String() + "/24",
		Because: "the operator moves the service address",
	}
}

func standby() postgres.Database { return postgres.Database{Node: Standby} }

// Objective is what the shop has promised: a minute, and at most a second of acknowledged orders, for its standby is
// asynchronous.
func Objective() harness.Objective { return harness.Objective{RTO: time.Minute, RPO: time.Second} }

// Steady is what holds in peace: clients can write.
func Steady() harness.SteadyState { return harness.All(postgres.TakesWrites(Service())) }

// Replication is what a failover relies on.
func Replication() []harness.Probe {
	return []harness.Probe{
		postgres.Streams(standby()),
		postgres.LagsLessThan(standby(), postgres.Database{Node: Primary}, time.Second),
	}
}

// Reading is what losing the primary must not touch: the standby answers whoever reads there.
func Reading() harness.Probe { return postgres.Answers(standby()) }

// orders is the table that clients write to.
const orders = "orders"

// Orders is the ledger of what clients have written.
func Orders() []harness.Ledger { return harness.Ledgers(postgres.Table(Service(), orders)) }
