package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Goal: a system's command and user are those of its image where the topology has none, and an image without a command is told
// from a topology that forgot it. Method: an image with all three and one with none; topologies that say both, one or nothing.
func TestCommandAndUserOfTheImage(t *testing.T) {
	connection := connect(t, enginetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.Path, "/images/bare") {
			fmt.Fprint(w, `{"Config": {}}`)
			return
		}
		fmt.Fprint(w, `{"Config": {"User": "app", "Entrypoint": ["/entry", "--"], "Cmd": ["serve"]}}`)
	}))
	for _, test := range []struct {
		image   string
		system  harness.System
		command []string
		user    string
		err     string
	}{
		{"app:1", harness.System{}, []string{"/entry", "--", "serve"}, "app", ""},
		{"app:1", harness.System{Command: []string{"mine"}}, []string{"mine"}, "app", ""},
		{"app:1", harness.System{User: "root"}, []string{"/entry", "--", "serve"}, "root", ""},
		{"app:1", harness.System{Command: []string{"mine"}, User: "root"}, []string{"mine"}, "root", ""},
		{"bare:1", harness.System{Command: []string{"mine"}}, []string{"mine"}, "", ""},
		{
			"bare:1",
			harness.System{},
			nil, "",
			"the topology has no command for app-1, and image bare:1 has neither entrypoint nor command",
		},
	} {
		node := &node{lab: &Lab{engine: connection}, Node: harness.Node{Name: "app-1", System: test.system}}
		got, err := node.started(t.Context(), test.image)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if !slices.Equal(got.Command, test.command) || got.User != test.user || said != test.err {
			t.Errorf("%s, %+v: %q as %q, %q", test.image, test.system, got.Command, got.User, said)
		}
	}
}

// Goal: what a lab has on the engine is named for its topology, whatever that is called, and two labs never share a name.
// Method: the names of a node in a topology with the longest name there can be, in two labs.
func TestNamesSayWhoseTheyAre(t *testing.T) {
	longest := strings.Repeat("long", 16)[:63]
	described := harness.Node{Name: longest, System: harness.System{Command: []string{"mine"}}}
	for id, want := range map[string]string{
		"beef": "reprise-" + longest[:32] + "-" + longest + "-beef", "cafe": "reprise-" + longest[:32] + "-" + longest + "-cafe",
	} {
		one := &node{lab: &Lab{ID: id, topology: harness.Topology{Name: longest}}, Node: described}
		if one.containerName() != want || one.systemName() != want+"-system" {
			t.Errorf("the containers are %s and %s, want %s", one.containerName(), one.systemName(), want)
		}
	}
}

// Goal: a node's system has the node's name: Docker gives it that, and Podman when it is told whose hostname to share, which
// newer Dockers refuse. Method: what both are told.
func TestHostnameOfTheSystem(t *testing.T) {
	nothing := func(http.ResponseWriter, *http.Request) {}
	for want, serve := range map[string]func(*testing.T, http.HandlerFunc) string{
		"": enginetest.Serve, "container:agent": enginetest.ServePodman,
	} {
		node := &node{lab: &Lab{engine: connect(t, serve(t, nothing))}, containers: []string{"agent"}}
		if got := node.systemHost(harness.System{}).UTSMode; string(got) != want {
			t.Errorf("told to share %q, want %q", got, want)
		}
	}
}

// Goal: a renumbering into prefixes that the engine keeps from nodes is refused before anything is struck, and others are not.
// Method: a lab whose IPv4 does not arrive from other prefixes.
func TestRenumberingIsRefusedWhereItCannotWork(t *testing.T) {
	lab := &Lab{bridges: agent.BridgeReport{MovedIPv4: "do not arrive"}}
	if err := lab.crossing([]netip.Prefix{netip.MustParsePrefix("fd00:2::/64")}); err != nil {
		t.Errorf("IPv6: %v", err)
	}
	err := lab.crossing([]netip.Prefix{netip.MustParsePrefix("fd00:2::/64"), netip.MustParsePrefix("10.2.0.0/24")})
	if err == nil || !strings.Contains(err.Error(), "renumber into 10.2.0.0/24: on this engine, packets") ||
		!strings.HasSuffix(err.Error(), "do not arrive: "+doctor.BridgeAdvice) {
		t.Errorf("IPv4: %v", err)
	}
}

// Goal: who meets another lab's prefix learns what to do, on either engine. Method: what both say.
func TestPrefixesThatAreTaken(t *testing.T) {
	for _, says := range []string{
		"Pool overlaps with other one on this address space",
		"subnet fd00:e1::/64 is already used on the host or by another config",
	} {
		if err := explainNetwork(harness.Network{Name: "lan"}, errors.New(says)); !strings.Contains(err.Error(), "make clean") {
			t.Errorf("%q: %v", says, err)
		}
	}
}

// brokenBalancer is a cluster of which one system has ended.
type brokenBalancer struct{ harness.Observer }

func (brokenBalancer) Topology() harness.Topology {
	system := harness.System{Command: []string{"server"}}
	return harness.Topology{Nodes: []harness.Node{
		{Name: "db-1", System: system}, {Name: "lb-1", System: system}, {Name: "agent-only"},
	}}
}

func (brokenBalancer) Status(_ context.Context, node string) (harness.SystemStatus, error) {
	if node != "lb-1" {
		return harness.SystemStatus{Running: true}, nil
	}
	return harness.SystemStatus{ExitCode: 1, Ended: time.Now()}, nil
}

func (brokenBalancer) Log(context.Context, string, time.Time) ([]harness.LogLine, error) {
	return []harness.LogLine{{Text: "could not resolve address 'db-1'"}}, nil
}

// Goal: who starts a lab sees at once that a system has ended, and what it said. Method: a cluster of which one has.
func TestEndedSystemsAreTold(t *testing.T) {
	var told strings.Builder
	tellEnded(t.Context(), brokenBalancer{}, image.Plain(&told))
	want := `lb-1: its system has ended with exit code 1, and has printed last: "could not resolve address 'db-1'"`
	if strings.Count(told.String(), "\n") != 1 || !strings.Contains(told.String(), want) {
		t.Errorf("told was %q, want %q", told.String(), want)
	}
}
