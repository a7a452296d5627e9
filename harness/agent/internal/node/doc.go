//go:build linux

// Package node is the agent inside a node: it answers the harness, carries out faults as system
// calls, keeps the lease and the journal, and ends the node. Only the program reprise-agent imports it.
//
//	err := node.Run(ctx, node.Options{
//		Stream:       stdio,
//		SystemSocket: protocol.SystemSocket,
//		Lease:        protocol.Lease,
//		Log:          log.New(os.Stderr, "", 0),
//	})
package node
