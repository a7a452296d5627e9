package nomad

import (
	"net/netip"
	"slices"
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

// Goal: all agents are down while addresses change, and every address in the files is the new one.
// Method: perform it on machines in memory and compare steps and files.
func TestStopRenumberStart(t *testing.T) {
	machines := cluster(t, 3)
	answering(machines)
	moved(machines)
	done, err := perform(t, StopRenumberStart(), machines)
	labtest.Expect(t, err, "")
	compare(t, done, []string{
		"stop every Nomad agent: stop client-1, stop nomad-1, stop nomad-2",
		"write the new addresses into /etc/nomad.d: write client-1: /etc/nomad.d/nomad.hcl, write nomad-1: /etc/nomad.d/nomad.hcl, " +
			"write nomad-2: /etc/nomad.d/nomad.hcl",
		"start every Nomad agent: start client-1, start nomad-1, start nomad-2",
		"wait until every Nomad agent answers: ",
	})
	text, _ := machines.ReadFile(t.Context(), "nomad-2", "/etc/nomad.d/nomad.hcl")
	for _, line := range []string{`name = "nomad-2"`, `bind_addr = "fd00:d2::21"`, `["[fd00:d2::2]:4648", "[fd00:d2::21]:4648"]`} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the configuration lacks %s:\n%s", line, text)
		}
	}
}

// Goal: a live move touches one node only, kills rather than stops, and renames only when told to.
// Method: perform both kinds and compare steps and the file.
func TestMoveLive(t *testing.T) {
	for newName, wants := range map[string]string{"": `name = "nomad-2"`, "other": `name = "other"`} {
		t.Run("as "+newName, func(t *testing.T) {
			machines := cluster(t, 3)
			answering(machines)
			machines.Renumber("nomad-2", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d1::99")})
			done, err := perform(t, MoveLive("nomad-2", newName), machines)
			labtest.Expect(t, err, "")
			for i, wants := range []string{
				"kill Nomad on nomad-2: exec nomad-2: sh -c kill -KILL 100",
				": write nomad-2: /etc/nomad.d/nomad.hcl",
				"start Nomad on nomad-2: start nomad-2",
				"wait until Nomad on nomad-2 answers: ",
			} {
				if !strings.HasSuffix(done[i], wants) {
					t.Errorf("step %d did %q, want %q", i, done[i], wants)
				}
			}
			text, _ := machines.ReadFile(t.Context(), "nomad-2", "/etc/nomad.d/nomad.hcl")
			if !strings.Contains(string(text), wants+"\n") || !strings.Contains(string(text), `bind_addr = "fd00:d1::99"`) {
				t.Errorf("the configuration is:\n%s", text)
			}
		})
	}
}

// Goal: a restart of one node leaves the others alone; a name that is none is told.
// Method: perform it on a server and on a node that does not exist.
func TestRestart(t *testing.T) {
	machines := cluster(t, 3)
	answering(machines)
	done, err := perform(t, Restart("client-1"), machines)
	labtest.Expect(t, err, "")
	compare(t, done, []string{
		"stop Nomad on client-1: stop client-1", "start Nomad on client-1: start client-1", "wait until Nomad on client-1 answers: ",
	})
	_, err = perform(t, Restart("nomad-9"), machines)
	labtest.Expect(t, err, "no node called nomad-9 runs Nomad")
}

// Goal: an agent that ends at its start ends the wait at once, with its last words.
// Method: let one die with the error that a peers.json in the wrong format causes.
func TestAgentThatDiesAtItsStart(t *testing.T) {
	machines := cluster(t, 3)
	answering(machines)
	machines.OnStart = func(node string) {
		if node == "nomad-1" {
			machines.Print(node, "==> Error starting agent: "+LogArrayRefused)
			machines.End(node, 1)
		}
	}
	_, err := perform(t, StopRenumberStart(), machines)
	labtest.Expect(t, err, "exit code 1")
	labtest.Expect(t, err, LogArrayRefused)
	if err != nil && strings.Contains(err.Error(), "nomad-2:") {
		t.Errorf("a healthy agent is blamed: %v", err)
	}
}

// Goal: evidence is found by its text and its time.
// Method: print lines and look for them.
func TestLogLines(t *testing.T) {
	machines := cluster(t, 3)
	machines.Print("nomad-1", "[INFO] "+LogPeersFound+"...")
	machines.Print("nomad-1", "[INFO] something else")
	status, _ := machines.Status(t.Context(), "nomad-1")
	lines, err := runbook.LogLines(t.Context(), machines, "nomad-1", status.Started, LogPeersFound)
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0].Text, LogPeersFound) {
		t.Errorf("found %v, %v", lines, err)
	}
	lines, err = runbook.LogLines(t.Context(), machines, "nomad-1", lines[0].At.Add(1), LogPeersFound)
	if err != nil || len(lines) != 0 {
		t.Errorf("found %v, %v after it", lines, err)
	}
}
