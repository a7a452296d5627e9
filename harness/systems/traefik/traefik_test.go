package traefik

import (
	"maps"
	"net/http"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: a route is the keys that Traefik's documentation names. Method: compare all of them.
func TestKeys(t *testing.T) {
	keys, err := route.Keys()
	labtest.Expect(t, err, "")
	want := map[string]string{
		"traefik/http/routers/site/rule":                        "Host(`site.reprise.test`)",
		"traefik/http/routers/site/service":                     "site",
		"traefik/http/routers/site/entrypoints/0":               "web",
		"traefik/http/services/site/loadbalancer/servers/0/url": "http://[fd00:d1::31]:8080",
	}
	if !maps.Equal(keys, want) {
		t.Errorf("the keys are %v", keys)
	}
}

// Goal: a route that Traefik could not serve is refused in one sentence. Method: spoil a good one.
func TestKeysRefuse(t *testing.T) {
	for want, spoil := range map[string]func(*Route){
		"its name is part of a key":            func(r *Route) { r.Name = "a/b" },
		`it cannot be for the host "a` + "`\"": func(r *Route) { r.Host = "a`" },
		"it has no server":                     func(r *Route) { r.Servers = nil },
		`its server "fd00::1" is no URL`:       func(r *Route) { r.Servers = []string{"fd00::1"} },
	} {
		bad := route
		spoil(&bad)
		_, err := bad.Keys()
		labtest.Expect(t, err, want)
	}
}

// Goal: a proxy knows a route only with its host and its servers, and the error says what it has instead.
// Method: ask proxies that know different things.
func TestKnows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeTraefik)
		want   string
	}{
		"all of it":    {func(*fakeTraefik) {}, ""},
		"nothing":      {func(f *fakeTraefik) { f.rule = "" }, "its route: there is none"},
		"disabled":     {func(f *fakeTraefik) { f.status = "disabled" }, "the route is disabled"},
		"another host": {func(f *fakeTraefik) { f.rule = "Host(`other`)" }, "with the rule Host(`other`)"},
		"no servers":   {func(f *fakeTraefik) { f.server = "" }, "its service: there is none"},
		"old servers":  {func(f *fakeTraefik) { f.server = "http://old" }, "the route leads to [{http://old}]"},
	} {
		t.Run(name, func(t *testing.T) {
			api := knowing()
			c.change(api)
			labtest.Expect(t, Knows("traefik-1", route).Check(t.Context(), running(t, api)), c.want)
		})
	}
}

// Goal: the probes and the runbook do what all of them have to do. Method: the contracts, at a proxy in memory.
func TestContract(t *testing.T) {
	machines := running(t, knowing())
	for _, c := range []labtest.ProbeCase{{Probe: Answers(way)}, {Probe: Knows("traefik-1", route)}} {
		labtest.Expect(t, labtest.TestProbe(t.Context(), machines, c), "")
	}
	restart := labtest.RunbookCase{Runbook: StopRenumberStart(), Promises: harness.All(Answers(way))}
	labtest.Expect(t, labtest.TestRunbook(t.Context(), machines, restart), "")
}

// Goal: the runbook writes present addresses into the static configuration, and does not wait for routes.
// Method: the node moves, a proxy that knows none is moved after it.
func TestStopRenumberStart(t *testing.T) {
	machines := running(t, http.Handler(&fakeTraefik{}))
	machines.Renumber("traefik-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::51")})
	labtest.ExpectDone(t, machines, StopRenumberStart(),
		"stop every Traefik agent: stop traefik-1",
		"write the new addresses into /etc/traefik: write traefik-1: /etc/traefik/traefik.yaml",
		"start every Traefik agent: start traefik-1",
		"wait until every Traefik agent answers: ")
	text, err := machines.ReadFile(t.Context(), "traefik-1", "/etc/traefik/traefik.yaml")
	labtest.Expect(t, err, "")
	if string(text) != "- \"[fd00:d2::51]:8500\"\n" {
		t.Errorf("it says %s", text)
	}
}
