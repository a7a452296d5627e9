//go:build linux

// Package agentd is the agent inside a node: it answers the harness, carries out faults as system
// calls, keeps the lease and the journal, and ends the node. Only the program reprise-agent imports it.
//
//	err := agentd.Run(ctx, agentd.Options{
//		Stream:       stdio,
//		SystemSocket: protocol.SystemSocket,
//		Lease:        protocol.Lease,
//		Log:          log.New(os.Stderr, "", 0),
//	})
package agentd
