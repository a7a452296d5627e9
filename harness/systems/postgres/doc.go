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
package postgres
