package consul

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Goal: every address in the files is the new one, who is to has another name, and the procedure does not wait for a leader.
// Method: renumber servers in memory that know no leader, one of them renamed, and compare steps and files.
func TestAgents(t *testing.T) {
	machines := cluster(t, &fakeAPI{}, &fakeAPI{}, &fakeAPI{})
	for i := range 3 {
		now := netip.MustParseAddr(fmt.Sprintf("fd00:d2::1%d", i+1))
		machines.Renumber(fmt.Sprintf("consul-%d", i+1), harness.Addresses{IPv6: now})
	}
	const file = ": /etc/consul.d/consul.json"
	labtest.ExpectDone(t, machines, runbook.Renumbering{Service: Agents(), Names: map[string]string{"consul-2": "other"}},
		"stop every Consul agent: stop consul-1, stop consul-2, stop consul-3",
		"write the new addresses and names into /etc/consul.d: write consul-1"+file+", write consul-2"+file+", write consul-3"+file,
		"start every Consul agent: start consul-1, start consul-2, start consul-3",
		"wait until every Consul agent answers: ")
	for node, want := range map[string]string{
		"consul-1": `{"node_name": "consul-1", "bind_addr": "fd00:d2::11", "retry_join": ["[fd00:d2::11]:8301", "[fd00:d2::12]:8301"]}`,
		"consul-2": `{"node_name": "other", "bind_addr": "fd00:d2::12", "retry_join": ["[fd00:d2::11]:8301", "[fd00:d2::12]:8301"]}`,
	} {
		if text, _ := machines.ReadFile(t.Context(), node, "/etc/consul.d/consul.json"); string(text) != want {
			t.Errorf("%s has\n%s\nwant\n%s", node, text, want)
		}
	}
}
