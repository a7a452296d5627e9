package vrrp

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// aTopology is a site with two clients.
func aTopology() harness.Topology {
	configuration := "vrrp_instance ALL {\n  virtual_ipaddress {\n    10.202.1.254/24 dev lan1\n    10.202.2.254/24 dev lan2\n  " +
		"  10.202.10.254/24 dev ext0\n  }\n}\n"
	topology := harness.Topology{Name: "site"}
	add := func(name, role, network, address string, routes ...harness.Route) {
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: name, Role: role, Network: network,
			IPv4: netip.MustParseAddr(address), Routes: routes,
		})
	}
	for _, network := range []struct{ name, prefix string }{
		{"outer", "10.202.10.0/24"},
		{"lan1", "10.202.1.0/24"},
		{"lan2", "10.202.2.0/24"},
	} {
		topology.Networks = append(topology.Networks, harness.Network{Name: network.name, IPv4: netip.MustParsePrefix(network.prefix)})
	}
	add("gulp", RouterRole, "outer", "10.202.10.11")
	add("odlyd", RouterRole, "outer", "10.202.10.12")
	topology.Nodes[0].System.Files = []harness.File{{Path: keepalivedFile, Data: []byte(configuration)}}
	add("upstream", UpstreamRole, "outer", "10.202.10.9")
	add("server-1", ServerRole, "outer", "10.202.20.41")
	add("client-1", ClientRole, "lan1", "10.202.1.31", harness.Route{Via: netip.MustParseAddr("10.202.1.254")})
	add("client-2", ClientRole, "lan2", "10.202.2.31", harness.Route{Via: netip.MustParseAddr("10.202.2.254")})
	return topology
}

// Goal: a site is read out of a topology with all that its probes ask for, and one that lacks a part is
// refused. Method: a topology by hand, then without each part.
func TestSiteOf(t *testing.T) {
	site, err := SiteOf(aTopology())
	testkit.Must(t, err)
	if site.First != "gulp" || site.Other("gulp") != "odlyd" || site.Other("odlyd") != "gulp" || len(site.Shared) != 3 ||
		len(site.Clients) != 2 {
		t.Errorf("the site is %+v", site)
	}
	var names []string
	for _, claim := range append(site.Works(), site.Watched()...) {
		names = append(names, claim.Name())
	}
	for _, want := range []string{
		"client-1 reaches 10.202.20.41", "server-1 reaches 10.202.2.31", "client-2 reaches 10.202.2.254",
		"odlyd has 10.202.10.254", "upstream reaches 10.202.10.254", "upstream has a route to 10.202.2.0/24",
		"upstream has a route to 10.202.1.0/24 by way of 10.202.10.11",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("nobody asks whether %s: %q", want, names)
		}
	}
	for want, change := range map[string]func(*harness.Topology){
		"1 of role router": func(t *harness.Topology) { t.Nodes = t.Nodes[1:] },
		"it has 0 routes":  func(t *harness.Topology) { t.Nodes[4].Routes = nil },
		"0 clients":        func(t *harness.Topology) { t.Nodes = t.Nodes[:4] },
		"0 shared":         func(t *harness.Topology) { t.Nodes[0].System.Files = nil },
	} {
		topology := aTopology()
		change(&topology)
		if _, err := SiteOf(topology); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
