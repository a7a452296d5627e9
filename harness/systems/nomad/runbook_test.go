package nomad

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// answering serves every agent's API.
func answering(machines *labtest.Lab) {
	for _, node := range machines.Topology().Nodes {
		machines.Serve(node.Name, httpAddress, &fakeAPI{answers: map[string]any{"GET /v1/agent/self": map[string]any{}}})
	}
}

// moved gives every node the same host in fd00:d2::/64.
func moved(machines *labtest.Lab) {
	for _, node := range machines.Topology().Nodes {
		now := netip.MustParseAddr(strings.Replace(node.IPv6.String(), "d1", "d2", 1))
		machines.Renumber(node.Name, harness.Addresses{IPv6: now})
	}
}

// Goal: every agent's file gets the new addresses, and who is to gets another name; an agent need not know a leader to
// answer. Method: renumber machines in memory, one of them renamed, and compare steps and files.
func TestAgents(t *testing.T) {
	machines := cluster(t, 3)
	answering(machines)
	moved(machines)
	const file = ": /etc/nomad.d/nomad.hcl"
	labtest.ExpectDone(t, machines, runbook.Renumbering{Service: Agents(), Names: map[string]string{"nomad-2": "other"}},
		"stop every Nomad agent: stop client-1, stop nomad-1, stop nomad-2",
		"write the new addresses and names into /etc/nomad.d: write client-1"+file+", write nomad-1"+file+", write nomad-2"+file,
		"start every Nomad agent: start client-1, start nomad-1, start nomad-2",
		"wait until every Nomad agent answers: ")
	for node, name := range map[string]string{"nomad-2": `name = "other"`, "client-1": `name = "client-1"`} {
		text, _ := machines.ReadFile(t.Context(), node, "/etc/nomad.d/nomad.hcl")
		for _, line := range []string{name + "\n", `bind_addr = "fd00:d2::`, `["[fd00:d2::2]:4648", "[fd00:d2::21]:4648"]`} {
			if !strings.Contains(string(text), line) {
				t.Errorf("the configuration of %s lacks %s:\n%s", node, line, text)
			}
		}
	}
}
