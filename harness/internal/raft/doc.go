// Package raft judges what the servers of a Raft cluster say about themselves: whether they agree,
// who leads, and whether a write that failed can have been applied.
//
// It knows no product: the packages of the systems that elect a leader with Raft ask their servers
// and hand the answers over. Only they may import it.
//
//	members, err := raft.PresentMembers(observer, servers)
//	views := raft.Ask(ctx, servers, ask)               // every server at once
//	err = raft.Agreement(views, members)               // all name one leader; everybody votes
//	leader, err := raft.Leader(views, members)         // a majority, the leader included, names it
//	refused := raft.Refuses(status, body)              // a failed write that was certainly not applied
package raft
