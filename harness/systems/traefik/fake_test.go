package traefik

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var (
	route = Route{Name: "site", Host: "site.reprise.test", Servers: []string{"http://[fd00:d1::31]:8080"}}
	way   = Way{Node: "traefik-1", Host: route.Host}
)

// A fakeTraefik is as much of Traefik's API as the package needs.
type fakeTraefik struct {
	rule, status string // of the router "site"; the rule "" has none
	server       string // of the service "site"; "" has none
}

func knowing() *fakeTraefik {
	return &fakeTraefik{rule: "Host(`site.reprise.test`)", status: "enabled", server: route.Servers[0]}
}

func (f *fakeTraefik) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch {
	case request.URL.Path == "/api/version":
		_, _ = fmt.Fprint(w, `{"Version": "3"}`)
	case request.URL.Path == "/api/http/routers/site@consul" && f.rule != "":
		_, _ = fmt.Fprintf(w, `{"rule": %q, "status": %q}`, f.rule, f.status)
	case request.URL.Path == "/api/http/services/site@consul" && f.server != "":
		_, _ = fmt.Fprintf(w, `{"loadBalancer": {"servers": [{"url": %q}]}}`, f.server)
	default:
		http.NotFound(w, request)
	}
}

// running is a node with a proxy on it that serves the site.
func running(t *testing.T, api http.Handler) *labtest.Lab {
	t.Helper()
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name: "traefik-1", Role: ProxyRole, IPv6: netip.MustParseAddr("fd00:d1::51"),
		System: harness.System{
			Image: harness.Image{Name: "traefik"},
			Files: []harness.File{{Path: "/etc/traefik/traefik.yaml", Data: []byte("- \"[fd00:d1::51]:8500\"\n")}},
		},
	}}})
	t.Cleanup(machines.Close)
	machines.Serve("traefik-1", apiAddress, api)
	machines.Serve(harness.VantageObserver, "[fd00:d1::51]:80", labtest.Says(http.StatusOK, "the site"))
	return machines
}
