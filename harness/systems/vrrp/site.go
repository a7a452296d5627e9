package vrrp

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// The roles by which [SiteOf] tells the nodes of a topology apart.
const (
	RouterRole   = role.Router   // two, the one that is master while it may be first
	UpstreamRole = role.Upstream // whom the routers tell by OSPF where the clients are
	ServerRole   = role.Server   // behind upstream
	ClientRole   = role.Client   // each in a network of its own, with one route, by way of a shared address
)

// masterFile is the file that lets a router be master.
const masterFile = "/etc/keepalived/MASTER"

// A Site is everything around a pair of routers.
type Site struct {
	Pair
	Clients  []Client
	Server   harness.Node
	Upstream harness.Node
	hops     map[string]netip.Addr // router -> where upstream finds it
}

// A Client is a machine in an internal network.
type Client struct {
	harness.Node
	Gateway netip.Addr   // the shared address by way of which it goes
	LAN     netip.Prefix // the network it is in
}

// SiteOf reads a site out of a topology: who plays which part by the nodes' roles, and what the routers share out of the
// first one's configuration of keepalived.
func SiteOf(topology harness.Topology) (Site, error) {
	routers, upstreams, servers := topology.Selected(RouterRole), topology.Selected(UpstreamRole), topology.Selected(ServerRole)
	if len(routers) != 2 || len(upstreams) != 1 || len(servers) != 1 {
		return Site{}, fmt.Errorf("find the routers: the topology %s has %d of role %s, %d of %s and %d of %s: two, one and one "+
			"are needed",
			topology.Name, len(routers), RouterRole, len(upstreams), UpstreamRole, len(servers), ServerRole)
	}
	site := Site{
		Pair:     Pair{First: routers[0].Name, Second: routers[1].Name, Shared: sharedBy(routers[0]), MasterFile: masterFile},
		Server:   servers[0],
		Upstream: upstreams[0],
		hops:     map[string]netip.Addr{},
	}
	for _, router := range routers {
		site.hops[router.Name] = router.IPv4
	}
	for _, node := range topology.Selected(ClientRole) {
		network, known := topology.Network(node.Network)
		if len(node.Routes) != 1 || !known {
			return Site{}, fmt.Errorf("find the way of %s: it has %d routes, and one is needed", node.Name, len(node.Routes))
		}
		site.Clients = append(site.Clients, Client{Node: node, Gateway: node.Routes[0].Via, LAN: network.IPv4})
	}
	if len(site.Clients) == 0 || len(site.Shared) == 0 {
		return Site{}, fmt.Errorf("find the routers' users: the topology %s has %d clients and %d shared addresses", topology.Name,
			len(site.Clients), len(site.Shared))
	}
	return site, nil
}

// sharedBy are the addresses in a router's configuration of keepalived that are to be put on an interface.
func sharedBy(router harness.Node) []netip.Addr {
	var shared []netip.Addr
	for _, file := range router.System.Files {
		if file.Path != keepalivedFile {
			continue
		}
		for line := range strings.Lines(string(file.Data)) {
			words := strings.Fields(line)
			if len(words) != 3 || words[1] != "dev" {
				continue
			}
			if prefix, err := netip.ParsePrefix(words[0]); err == nil {
				shared = append(shared, prefix.Addr())
			}
		}
	}
	return shared
}

// AtGateway claims that a client gets an answer from its gateway.
func (s Site) AtGateway(client Client) harness.Probe {
	return probe.Reaches(client.Name, client.Gateway)
}

// There claims that a client gets an answer from the server, by way of its gateway.
func (s Site) There(client Client) harness.Probe { return probe.Reaches(client.Name, s.Server.IPv4) }

// Back claims that the server gets an answer from a client.
func (s Site) Back(client Client) harness.Probe { return probe.Reaches(s.Server.Name, client.IPv4) }

// Works claims that every client reaches the server, and the server every client.
func (s Site) Works() harness.SteadyState {
	var steady harness.SteadyState
	for _, client := range s.Clients {
		steady = append(steady, s.There(client), s.Back(client))
	}
	return steady
}

// Watched are the probes that say why the site does not work, for [drill.Drill.Watch]: who has what, whether
// clients have their gateways and whether upstream has routes, and by way of whom it has the first one.
func (s Site) Watched() []harness.Probe {
	watched := s.Holders()
	for _, client := range s.Clients {
		watched = append(watched, s.AtGateway(client), probe.Routed(s.Upstream.Name, client.LAN, netip.Addr{}))
	}
	for _, router := range s.Both() {
		watched = append(watched, s.Leads(router))
	}
	for _, address := range s.Shared {
		if !slices.ContainsFunc(s.Clients, func(client Client) bool { return client.Gateway == address }) {
			watched = append(watched, probe.Reaches(s.Upstream.Name, address)) // the one on the outside
		}
	}
	return watched
}

// Leads claims that upstream has a route to the first client's network by way of a router.
func (s Site) Leads(router string) harness.Probe {
	return probe.Routed(s.Upstream.Name, s.Clients[0].LAN, s.hops[router])
}

// waitForRouters allows for OSPF as FRR ships it, which waits for 40 s before it speaks to anybody.
var waitForRouters = harness.Wait{For: "the routers to agree", Interval: 100 * time.Millisecond, Limit: 3 * time.Minute}

// AwaitMaster waits until a router alone has everything shared, upstream sends what is for clients to it, and
// every client gets an answer from the server.
func (s Site) AwaitMaster(ctx context.Context, observer harness.Observer, router string) error {
	claims := append(s.Works(), s.Leads(router))
	for _, address := range s.Shared {
		claims = append(claims, probe.Holds(router, address), probe.Leaves(s.Other(router), address))
	}
	return waitForRouters.Until(ctx, func(ctx context.Context) error { return claims.Check(ctx, observer) })
}

// Losses are what each client lost after t0, with the probes of [Site.Works] and [Site.Watched].
func (s Site) Losses(record harness.Record) ([]Loss, error) {
	var losses []Loss
	for _, client := range s.Clients {
		loss, err := s.Lost(record, client.Name, s.There(client), s.AtGateway(client))
		if err != nil {
			return nil, err
		}
		losses = append(losses, loss)
	}
	return losses, nil
}
