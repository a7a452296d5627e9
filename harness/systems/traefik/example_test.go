package traefik_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/traefik"
)

// A route as keys and values, and what visitors and the operator see of a proxy that is down.
func Example() {
	route := traefik.Route{Name: "site", Host: "site.reprise.test", Servers: []string{"http://[fd00:d1::31]:8080"}}
	keys, err := route.Keys()
	if err != nil {
		fmt.Println(err)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		fmt.Printf("%s = %s\n", key, keys[key])
	}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "traefik-1", Role: traefik.ProxyRole, IPv6: netip.MustParseAddr("fd00:d1::51")},
	}})
	defer machines.Close()
	way := traefik.Way{Node: "traefik-1", Host: route.Host}
	for _, claim := range harness.All(traefik.Answers(way), traefik.Knows("traefik-1", route)) {
		fmt.Printf("%s: %v\n", claim.Name(), claim.Check(context.Background(), machines))
	}
	// Output:
	// traefik/http/routers/site/entrypoints/0 = web
	// traefik/http/routers/site/rule = Host(`site.reprise.test`)
	// traefik/http/routers/site/service = site
	// traefik/http/services/site/loadbalancer/servers/0/url = http://[fd00:d1::31]:8080
	// site.reprise.test answers through traefik-1: connection refused
	// traefik-1 knows the route site to [http://[fd00:d1::31]:8080]: its route: dial tcp: connection refused
}
