package nomad

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	peersJSON = "/var/lib/nomad/server/raft/peers.json"
	peersInfo = "/var/lib/nomad/server/raft/peers.info"
)

// recoverable is a cluster that moved, whose servers treat peers.json as Nomad does: they take it
// when there is a peers.info, else throw it away.
func recoverable(t *testing.T, protocol int) (machines *labtest.Lab, taken map[string]string) {
	t.Helper()
	machines = cluster(t, protocol)
	answering(machines)
	moved(machines)
	taken = map[string]string{}
	var mutex sync.Mutex // servers start at the same time
	for _, node := range []string{"nomad-1", "nomad-2"} {
		put(t, machines, node, "/var/lib/nomad/server/node-id", "id-of-"+node+"\n")
		put(t, machines, node, peersInfo, "As of Nomad 0.5.5 ...")
	}
	machines.Journal()
	machines.OnStart = func(node string) {
		text, err := machines.ReadFile(context.Background(), node, peersJSON)
		if err != nil {
			return
		}
		_ = machines.RemoveFile(context.Background(), node, peersJSON)
		if _, err := machines.ReadFile(context.Background(), node, peersInfo); err != nil {
			machines.Print(node, LogPeersDropped)
			return
		}
		mutex.Lock()
		taken[node] = string(text)
		mutex.Unlock()
		machines.Print(node, LogPeersFound)
		machines.Print(node, LogPeersDeleted)
	}
	return machines, taken
}

func put(t *testing.T, machines *labtest.Lab, node, path, text string) {
	t.Helper()
	testkit.Must(t, machines.WriteFile(t.Context(), node, harness.File{Path: path, Data: []byte(text)}))
}

// Goal: the file is in the format of the cluster's own Raft protocol unless another is asked for, and
// the addresses are the present ones unless others are.
// Method: recover clusters of both generations, right and wrong on purpose, and compare the file that
// each server took with a golden one.
func TestPeersFile(t *testing.T) {
	cases := map[string]struct {
		protocol int
		runbook  PeersRecovery
	}{
		"raft3":             {3, PeersJSON()},
		"raft2":             {2, PeersJSON()},
		"raft3-array":       {3, PeersRecovery{Protocol: 2}},
		"raft2-objects":     {2, PeersRecovery{Protocol: 3}},
		"raft3-peace":       {3, PeersRecovery{Address: PeaceRaftAddress}},
		"raft3-unbracketed": {3, PeersRecovery{Address: UnbracketedRaftAddress}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			machines, taken := recoverable(t, c.protocol)
			_, err := labtest.Perform(t.Context(), machines, c.runbook)
			labtest.Expect(t, err, "")
			golden := filepath.Join("testdata", "peers-"+name+".json")
			if *update {
				testkit.Must(t, os.WriteFile(golden, []byte(taken["nomad-1"]), 0o600))
			}
			want, err := os.ReadFile(golden)
			testkit.Must(t, err)
			for _, node := range []string{"nomad-1", "nomad-2"} {
				if taken[node] != string(want) {
					t.Errorf("%s took\n%s\nwant\n%s", node, taken[node], want)
				}
			}
		})
	}
}

// Goal: everything is down when the file is written; clients get new addresses but no file.
// Method: compare the steps and what they did.
func TestPeersJSONSteps(t *testing.T) {
	machines, _ := recoverable(t, 3)
	machines.OnStart = nil
	done, err := labtest.Perform(t.Context(), machines, PeersJSON())
	labtest.Expect(t, err, "peers.json is still there")
	want := []string{
		"stop every Nomad agent: stop client-1, stop nomad-1, stop nomad-2",
		"write the new addresses into /etc/nomad.d: write client-1: /etc/nomad.d/nomad.hcl, write nomad-1: /etc/nomad.d/nomad.hcl, " +
			"write nomad-2: /etc/nomad.d/nomad.hcl",
		"write peers.json: write nomad-1: " + peersJSON + ", write nomad-2: " + peersJSON,
		"start every Nomad agent: start client-1, start nomad-1, start nomad-2",
		"wait until every Nomad agent answers: ",
		"verify that peers.json was taken: ",
	}
	if !slices.Equal(done, want) {
		t.Errorf("was done:\n%s\nwant:\n%s", strings.Join(done, "\n"), strings.Join(want, "\n"))
	}
}

// Goal: a file that was not taken is noticed, whatever Nomad makes of it.
// Method: servers that throw it away, that say nothing about it, and that rewrite peers.info.
func TestPeersJSONIsVerified(t *testing.T) {
	t.Run("thrown away", func(t *testing.T) {
		machines, _ := recoverable(t, 3)
		_, err := labtest.Perform(t.Context(), machines, PeersRecovery{RemovePeersInfo: true})
		labtest.Expect(t, err, `the log does not say "found peers.json file`)
	})
	t.Run("silently gone", func(t *testing.T) {
		machines, _ := recoverable(t, 3)
		machines.OnStart = func(node string) { _ = machines.RemoveFile(context.Background(), node, peersJSON) }
		_, err := labtest.Perform(t.Context(), machines, PeersJSON())
		labtest.Expect(t, err, `the log does not say "found peers.json file`)
	})
	t.Run("peers.info rewritten", func(t *testing.T) {
		machines, _ := recoverable(t, 3)
		take := machines.OnStart
		machines.OnStart = func(node string) {
			take(node)
			_ = machines.WriteFile(context.Background(), node, harness.File{Path: peersInfo, Data: []byte("new")})
		}
		_, err := labtest.Perform(t.Context(), machines, PeersJSON())
		labtest.Expect(t, err, "peers.info is not what it was")
	})
}

// Goal: the file can be left off some servers; it names all of them all the same.
// Method: recover with one receiver, and with one that is no server.
func TestPeersJSONOnSomeServers(t *testing.T) {
	machines, taken := recoverable(t, 3)
	_, err := labtest.Perform(t.Context(), machines, PeersRecovery{Servers: []string{"nomad-2"}})
	labtest.Expect(t, err, "")
	if taken["nomad-1"] != "" || !strings.Contains(taken["nomad-2"], "id-of-nomad-1") {
		t.Errorf("taken: %v", taken)
	}
	_, err = labtest.Perform(t.Context(), machines, PeersRecovery{Servers: []string{"client-1"}})
	labtest.Expect(t, err, "not all of client-1 are Nomad servers")
}

// Goal: nodes get their new names along with their addresses.
// Method: recover with new names and read the configurations.
func TestPeersJSONWithNewNames(t *testing.T) {
	machines, _ := recoverable(t, 3)
	_, err := labtest.Perform(t.Context(), machines, PeersRecovery{Names: map[string]string{"nomad-1": "new"}})
	labtest.Expect(t, err, "")
	var names []string
	for _, node := range []string{"nomad-1", "nomad-2"} {
		text, _ := machines.ReadFile(t.Context(), node, "/etc/nomad.d/nomad.hcl")
		names = append(names, strings.SplitN(string(text), "\n", 2)[0])
	}
	if !slices.Equal(names, []string{`name = "new"`, `name = "nomad-2"`}) {
		t.Errorf("the names are %v", names)
	}
}
