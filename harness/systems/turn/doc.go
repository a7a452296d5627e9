// Package turn asks a TURN server what its clients would ask. Such a server announces its public address to them itself, as a
// video bridge does: a client asks it for a relay and is told at which address others reach that. Who only asks for relays
// never notices that nobody is at that address any more; the bytes that others send there tell.
//
// Servers that runbooks work on are the nodes of role [ServerRole]. Questions go to the IPv4 address that the server's
// node has now: the client has found the server by a name that is right.
//
//	server := turn.Server{Node: "turn-1", User: "reprise", Password: fixtures.RelayPassword, From: "caller-1"}
//	err := drill.Watch(ctx, turn.Accepts(server), turn.Allocates(server)) // what a health check sees
//	steady := harness.All(turn.Relays(server))                           // what a call needs
//	err = drill.Baseline(ctx, steady)
//	err = drill.Repair(ctx, turn.StopRenumberStart())
//	at, err := turn.Announced(ctx, lab, server)                          // 10.201.1.61
package turn
