// Package labtest holds machines in memory: a [harness.Lab] for tests of faults, probes, ledgers and
// runbooks, without a container engine. It is for tests: a drill in it proves nothing about a product.
//
//	machines := labtest.New(topology)
//	machines.Serve("nomad-1", "127.0.0.1:4646", handler)   // an API on a node's loopback
//	machines.ServeDatagrams("[fd00::11]:8600", answer)     // DNS, across the network
//	machines.Renumber("nomad-1", harness.Addresses{IPv6: now})
//	machines.OnStart = func(node string) { machines.Print(node, "started") }
//	err := runbook.Steps()[0].Do(ctx, machines)
//	done := machines.Journal()                             // "stop nomad-1", ...
//
// # Contracts
//
// What every fault, probe, ledger and runbook has to do is asked by [TestFault], [TestProbe], [TestLedger] and [TestRunbook], of
// anybody's. Each returns one sentence that says which point is broken. They take machines in memory, and just so the lab of
// package lab: what holds in memory alone proves little.
//
//	broken := labtest.TestFault(ctx, machines, labtest.FaultCase{
//		Fault:   fault.PowerLoss{Node: "web-1"},
//		Refused: []harness.Fault{fault.PowerLoss{Node: "web-9"}},
//	})
package labtest
