package consul

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// leaderless serves every server's API without a leader: a start must not wait for one.
func leaderless(t *testing.T) *labtest.Lab {
	t.Helper()
	return cluster(t, &fakeAPI{}, &fakeAPI{}, &fakeAPI{})
}

// perform does a runbook's steps and returns what each one did to the nodes.
func perform(t *testing.T, runbook harness.Runbook, machines *labtest.Lab) ([]string, error) {
	t.Helper()
	var done []string
	for _, step := range runbook.Steps() {
		err := step.Do(t.Context(), machines)
		done = append(done, step.Name+": "+strings.Join(machines.Journal(), ", "))
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("was done:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Goal: all servers are down while addresses change, every address in the files is the new one, and
// the procedure does not wait for a leader.
// Method: perform it on machines in memory, one of them renamed, and compare steps and files.
func TestStopRenumberStart(t *testing.T) {
	machines := leaderless(t)
	for i := range 3 {
		now := netip.MustParseAddr(fmt.Sprintf("fd00:d2::1%d", i+1))
		machines.Renumber(fmt.Sprintf("consul-%d", i+1), harness.Addresses{IPv6: now})
	}
	done, err := perform(t, Renumber(map[string]string{"consul-2": "other"}), machines)
	labtest.Expect(t, err, "")
	const file = ": /etc/consul.d/consul.json"
	compare(t, done, []string{
		"stop every Consul agent: stop consul-1, stop consul-2, stop consul-3",
		"write the new addresses and names into /etc/consul.d: write consul-1" + file + ", write consul-2" + file +
			", write consul-3" + file,
		"start every Consul agent: start consul-1, start consul-2, start consul-3",
		"wait until every Consul agent answers: ",
	})
	for node, want := range map[string]string{
		"consul-1": `{"node_name": "consul-1", "bind_addr": "fd00:d2::11", "retry_join": ["[fd00:d2::11]:8301", "[fd00:d2::12]:8301"]}`,
		"consul-2": `{"node_name": "other", "bind_addr": "fd00:d2::12", "retry_join": ["[fd00:d2::11]:8301", "[fd00:d2::12]:8301"]}`,
	} {
		if text, _ := machines.ReadFile(t.Context(), node, "/etc/consul.d/consul.json"); string(text) != want {
			t.Errorf("%s has\n%s\nwant\n%s", node, text, want)
		}
	}
}

// Goal: a live move and a restart touch one node only; the move kills rather than stops.
// Method: perform both and compare steps.
func TestOneServer(t *testing.T) {
	machines := leaderless(t)
	machines.Renumber("consul-3", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d1::99")})
	done, err := perform(t, MoveLive("consul-3", ""), machines)
	labtest.Expect(t, err, "")
	compare(t, done, []string{
		"kill Consul on consul-3: exec consul-3: sh -c kill -KILL 100",
		"write the new addresses into /etc/consul.d on consul-3: write consul-3: /etc/consul.d/consul.json",
		"start Consul on consul-3: start consul-3",
		"wait until Consul on consul-3 answers: ",
	})
	done, err = perform(t, Restart("consul-1"), machines)
	labtest.Expect(t, err, "")
	compare(t, done, []string{
		"stop Consul on consul-1: stop consul-1", "start Consul on consul-1: start consul-1", "wait until Consul on consul-1 answers: ",
	})
}

// Goal: evidence is found by its text and its time.
// Method: print lines and look for them.
func TestLogLines(t *testing.T) {
	machines := leaderless(t)
	machines.Print("consul-1", "[WARN] "+LogQuorumLost)
	machines.Print("consul-1", "[INFO] something else")
	status, _ := machines.Status(t.Context(), "consul-1")
	lines, err := runbook.LogLines(t.Context(), machines, "consul-1", status.Started, LogQuorumLost)
	if err != nil || len(lines) != 1 {
		t.Fatalf("found %v, %v", lines, err)
	}
	lines, err = runbook.LogLines(t.Context(), machines, "consul-1", lines[0].At.Add(1), LogQuorumLost)
	if err != nil || len(lines) != 0 {
		t.Errorf("found %v, %v after it", lines, err)
	}
}
