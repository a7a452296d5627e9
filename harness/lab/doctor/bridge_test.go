package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// routers is a topology whose nodes pass on packets, and flat one whose do not.
var (
	routers = harness.Topology{Nodes: []harness.Node{{Name: "a"}, {Name: "b", Forwards: true}}}
	flat    = harness.Topology{Nodes: []harness.Node{{Name: "a"}, {Name: "b"}}}
)

// crossed is TryBridges for a lab of the topology.
func crossed(t *testing.T, connection *engine.Engine, topology harness.Topology) (agent.BridgeReport, error) {
	t.Helper()
	return TryBridges(t.Context(), connection, topology, "agent:1", map[string]string{engine.LabelLab: "1"})
}

// Goal: a lab with routers is refused, in one sentence that says what to do, where routed packets do not arrive; other labs learn
// what becomes of renumbered nodes' packets. Each kind of network is tried once, as labs have it, and all is taken away again.
// Method: a Podman whose containers find that, and what it was told.
func TestRoutersAreRefusedWherePacketsDoNotCross(t *testing.T) {
	fake := &trialEngine{podman: true, prints: `{"routed_ipv4": "do not arrive", "moved_ipv4": "do not arrive"}`}
	connection := fake.connect(t)
	for range 2 {
		_, err := crossed(t, connection, routers)
		if !errors.Is(err, ErrUnfit) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(),
			"that are routers: packets from one network of a lab to another (IPv4) do not arrive: set net.bridge.") {
			t.Errorf("a lab with routers: %v", err)
		}
		report, err := crossed(t, connection, flat)
		if err != nil || report.MovedIPv4 != "do not arrive" || report.MovedIPv6 != "" {
			t.Errorf("a lab without: %+v, %v", report, err)
		}
	}
	created, removed := fake.seen()
	if len(created) != 4 || removed != 4 || len(fake.networks) != 2 || !fake.networks[0].Internal || fake.networks[1].Internal {
		t.Fatalf("%d containers created, %d removed; networks %+v", len(created), removed, fake.networks)
	}
	for _, one := range created {
		if len(one.NetworkingConfig.EndpointsConfig) != 1 || one.HostConfig.Privileged || one.Labels[engine.LabelLab] != "1" ||
			len(one.HostConfig.CapAdd) != len(agent.Capabilities()) || !slices.Equal(one.HostConfig.CapDrop, []string{"ALL"}) ||
			!slices.Equal(one.HostConfig.SecurityOpt, []string{"no-new-privileges"}) {
			t.Errorf("created %+v", one)
		}
	}
}

// Goal: a lab is refused with the same advice where not even the network's own packets cross it, as in Podman's internal
// networks beside Docker's packet filter. Method: a Podman whose sender finds that.
func TestLabsAreRefusedWhereNothingCrosses(t *testing.T) {
	fake := &trialEngine{podman: true, inside: 1, prints: "reprise-agent: packets of the network itself do not arrive"}
	_, err := crossed(t, fake.connect(t), routers)
	if !errors.Is(err, ErrUnfit) || !strings.HasSuffix(err.Error(), "packets of the network itself do not arrive: "+BridgeAdvice) {
		t.Errorf("it says %v", err)
	}
}

// Goal: nothing is tried on Docker, nor refused where all arrives. Method: a Docker that would refuse, and a Podman that finds
// nothing wrong.
func TestBridgesThatLetAllPass(t *testing.T) {
	docker := &trialEngine{refuses: "no"}
	if _, err := crossed(t, docker.connect(t), routers); err != nil || len(docker.networks) > 0 {
		t.Errorf("Docker: %v, %d networks", err, len(docker.networks))
	}
	podman := &trialEngine{podman: true, prints: "{}"}
	if report, err := crossed(t, podman.connect(t), routers); err != nil || report != (agent.BridgeReport{}) {
		t.Errorf("Podman: %+v, %v", report, err)
	}
}

// Goal: the doctor says what a lab would say, and that there can be none where no container starts in a network. Method: engines
// of every kind.
func TestWhatCrossesNetworks(t *testing.T) {
	for _, test := range []struct {
		fake   *trialEngine
		want   Health
		detail string
	}{
		{&trialEngine{prints: "{}"}, Healthy, "let pass what crosses them"},
		{&trialEngine{podman: true, prints: "{}"}, Healthy, "let pass what crosses them"},
		{
			&trialEngine{podman: true, prints: `{"routed_ipv4": "arrive with the source 10.200.12.1"}`}, Warning,
			"packets from one network of a lab to another (IPv4) arrive with the source 10.200.12.1",
		},
		{
			&trialEngine{podman: true, prints: `{"moved_ipv4": "do not arrive"}`}, Warning,
			"packets between nodes that were renumbered (IPv4) do not arrive",
		},
		{
			&trialEngine{podman: true, inside: 1, prints: `{"moved_ipv4": "do not arrive"}`}, Warning,
			`in networks as routers need them, {"moved_ipv4": "do not arrive"}, packets between nodes that were renumbered (IPv4) do`,
		},
		{&trialEngine{prints: `{"hosts": "build.example"}`}, Warning, "the machine's own names in /etc/hosts: build.example"},
		{&trialEngine{refuses: `open("/dev/net/tun"): Permission denied`}, Missing, "no container starts in a network: "},
		{&trialEngine{exit: 1, prints: "reprise-agent: packets do not arrive"}, Missing, "packets do not arrive"},
	} {
		health, detail, advice := (&machine{engine: test.fake.connect(t)}).crosses(t.Context(), "agent:1")
		if health != test.want || !strings.Contains(detail, test.detail) || (advice == "") != (test.want == Healthy) {
			t.Errorf("%s (%s), advice %q, want %s with %q", health, detail, advice, test.want, test.detail)
		}
		if created, removed := test.fake.seen(); len(created) != removed {
			t.Errorf("%d containers created, %d removed", len(created), removed)
		}
	}
}
