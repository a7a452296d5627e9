// Package nomad drives HashiCorp Nomad in a drill: what its clients and operators can ask, which
// writes they can remember, and the procedures that bring it back.
//
// It works against Nomad 1.3 (Raft protocol 2 or 3) and later. Servers are the nodes of role [ServerRole], clients
// those of role [ClientRole]; their HTTP APIs are reached through each node's loopback, as an operator who is logged
// in there does.
//
//	err := nomad.Run(ctx, lab, nomad.Canary(8080))     // a service to lose
//	steady := harness.All(nomad.Quorum(3), nomad.Running(nomad.CanaryName), nomad.Answers(nomad.CanaryName, 8080))
//	writes := harness.Ledgers(nomad.Variables("drill/renumbering"))
//	shared := nomad.Register("drill/register")         // concurrent clients, checked for linearizability
//	err = drill.Repair(ctx, nomad.StopRenumberStart()) // what ought to be enough, and is not
//	err = drill.Repair(ctx, nomad.PeersJSON())         // what is
//	leader, err := nomad.LeaderNode(ctx, lab)          // "nomad-2": whom to take down
//	lines, err := runbook.LogLines(ctx, lab, "nomad-1", start, nomad.LogPeersFound)
package nomad
