// Package protocol is what the harness, the agents and the supervisors of the nodes say to one
// another: JSON requests and replies over HTTP, and tunnels. The agent's client and the two servers
// import it, nobody else can.
//
// A request is a POST with a JSON body. Ending its context cancels it on the other side.
//
//	mux.Handle(protocol.PathClock, protocol.Handle(func(context.Context, protocol.Nothing) (protocol.Reading, error) {
//		return protocol.Reading{Now: now()}, nil
//	}))
//	...
//	var reading protocol.Reading
//	err := protocol.Call(ctx, client, protocol.PathClock, protocol.Nothing{}, &reading)
package protocol
