// Package traefik asks a Traefik reverse proxy what its clients and operators would ask, and says how a route is written in the
// key-value store that it reads its routes from: its keys and values are plain data, for who writes them to put there.
//
// Proxies that runbooks work on are the nodes of role [ProxyRole]. Clients ask across the network, at the address that the
// proxy's node has now; the API is reached through the node's loopback.
//
//	route := traefik.Route{Name: "site", Host: "site.reprise.test", Servers: []string{"http://[fd00:d1::31]:8080"}}
//	keys, err := route.Keys()                                            // traefik/http/routers/site/rule, ...
//	way := traefik.Way{Node: "traefik-1", Host: route.Host}
//	steady := harness.All(traefik.Answers(way))
//	err = drill.Watch(ctx, traefik.Knows("traefik-1", route))
//	err = drill.Repair(ctx, traefik.StopRenumberStart())
package traefik
