// Package consul drives HashiCorp Consul in a drill: what its clients and operators can ask, which
// writes they can remember, and the procedures that bring it back.
//
// Servers are the nodes of role [ServerRole]; their HTTP API is reached through each node's loopback, as an operator
// who is logged in there does, their DNS across the network, as the clients of a service do.
//
//	steady := harness.All(consul.Quorum(3), consul.AnswersByName("canary", 8080))
//	watched := harness.All(consul.Leader(), consul.Resolves("canary"))
//	writes := harness.Ledgers(consul.KV("drill/renumbering"))
//	shared := consul.Register("drill/register")        // concurrent clients, checked for linearizability
//	err := drill.Watch(ctx, watched...)
//	err = drill.Baseline(ctx, steady)
//	err = drill.Repair(ctx, consul.StopRenumberStart())
//	leader, err := consul.LeaderNode(ctx, lab)         // "consul-2": whom to take down
//	lines, err := runbook.LogLines(ctx, lab, "consul-1", start, consul.LogQuorumLost)
package consul
