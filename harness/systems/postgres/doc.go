// Package postgres asks PostgreSQL what its clients would ask, and remembers which rows it has
// acknowledged.
//
// Every question and every write has a connection of its own, opened across the network by the observer to where the
// server's node is now: a kept connection, or a pool, would outlive the fault that it is meant to see.
//
//	database := postgres.Database{Node: "sql-1"}
//	steady := harness.All(postgres.Answers(database))
//	rows := postgres.Table(database, "drill")
//	err := postgres.CreateTable(ctx, lab, database, "drill")
//	err = drill.Baseline(ctx, steady)
//	err = drill.StartWriting(ctx, harness.Ledgers(rows))
//
// Of a primary with a streaming standby it knows more: whether the standby streams, is read-only and how far it lags behind, and
// the runbook that promotes it. A [Database] at an address of its own is the one that clients use, wherever that address is:
//
//	service := postgres.Database{At: address}
//	steady := harness.All(postgres.TakesWrites(service))
//	err := drill.Watch(ctx, postgres.Streams(standby), postgres.LagsLessThan(standby, primary, time.Second))
//	err = drill.Repair(ctx, postgres.Promote(standby), moveAddress)
package postgres
