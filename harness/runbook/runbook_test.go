package runbook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// apiAddress is where the agents of the tests answer, each on its own node.
const apiAddress = "127.0.0.1:4646"

// agents are those of a product whose configuration is one file of three lines.
func agents() Service {
	return Service{
		Product: "Nomad", Roles: []string{"server", "client"}, Folder: "/etc/nomad.d",
		Rename: func(file harness.File, name string) ([]byte, error) {
			_, rest, found := strings.Cut(string(file.Data), "\n")
			if !found {
				return nil, errors.New("no line")
			}
			return fmt.Appendf(nil, "name = %q\n%s", name, rest), nil
		},
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+apiAddress, http.NoBody)
			if err != nil {
				return err
			}
			response, err := harness.HTTPClient(observer, node).Do(request)
			if err != nil {
				return err
			}
			return response.Body.Close()
		},
	}
}

// machines are two servers and a client in memory. The first one's address is the beginning of the second one's.
func machines(t *testing.T) *labtest.Lab {
	t.Helper()
	var topology harness.Topology
	for _, node := range []struct{ name, role, host string }{
		{"nomad-1", "server", "2"}, {"nomad-2", "server", "21"}, {"client-1", "client", "31"}, {"other", "printer", "41"},
	} {
		at := netip.MustParseAddr("fd00:d1::" + node.host)
		text := fmt.Sprintf("name = %q\nbind = %q\njoin = \"[fd00:d1::2]:4648 [fd00:d1::21]:4648\"\n", node.name, at)
		topology.Nodes = append(topology.Nodes, harness.Node{Name: node.name, Role: node.role, IPv6: at, System: harness.System{
			Command: []string{"nomad"},
			Files:   []harness.File{{Path: "/etc/nomad.d/nomad.hcl", Data: []byte(text)}},
		}})
	}
	lab := labtest.New(topology)
	t.Cleanup(lab.Close)
	for _, node := range topology.Nodes {
		lab.Serve(node.Name, apiAddress, http.NotFoundHandler())
	}
	return lab
}

// Goal: all agents are down while addresses change, every address in the files is the new one, and only who is to has
// another name. Method: perform it on machines in memory, and compare steps and files.
func TestRenumbering(t *testing.T) {
	lab := machines(t)
	for _, node := range lab.Topology().Nodes {
		lab.Renumber(node.Name, harness.Addresses{IPv6: netip.MustParseAddr(strings.Replace(node.IPv6.String(), "d1", "d2", 1))})
	}
	labtest.ExpectDone(t, lab, Renumbering{Service: agents(), Names: map[string]string{"nomad-2": "new"}},
		"stop every Nomad agent: stop client-1, stop nomad-1, stop nomad-2",
		"write the new addresses and names into /etc/nomad.d: write client-1: /etc/nomad.d/nomad.hcl, "+
			"write nomad-1: /etc/nomad.d/nomad.hcl, write nomad-2: /etc/nomad.d/nomad.hcl",
		"start every Nomad agent: start client-1, start nomad-1, start nomad-2",
		"wait until every Nomad agent answers: ")
	for node, want := range map[string]string{
		"nomad-1": "name = \"nomad-1\"\nbind = \"fd00:d2::2\"\njoin = \"[fd00:d2::2]:4648 [fd00:d2::21]:4648\"\n",
		"nomad-2": "name = \"new\"\nbind = \"fd00:d2::21\"\njoin = \"[fd00:d2::2]:4648 [fd00:d2::21]:4648\"\n",
	} {
		if text, _ := lab.ReadFile(t.Context(), node, "/etc/nomad.d/nomad.hcl"); string(text) != want {
			t.Errorf("%s has\n%s\nwant\n%s", node, text, want)
		}
	}
}

// Goal: a live move touches one node only, kills rather than stops, and renames only when told to. Method: perform both
// kinds, and compare names, steps and the file.
func TestMoveLive(t *testing.T) {
	for newName, want := range map[string]struct{ name, step, file string }{
		"":    {"nomad: move nomad-2 under its old name", "write the new addresses into", `name = "nomad-2"`},
		"new": {"nomad: move nomad-2 as new", "write the new addresses and names into", `name = "new"`},
	} {
		lab := machines(t)
		lab.Renumber("nomad-2", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d1::99")})
		move := MoveLive{Service: agents().On("nomad-2"), NewName: newName}
		labtest.ExpectDone(t, lab, move,
			"kill Nomad on nomad-2: exec nomad-2: sh -c kill -KILL 100",
			want.step+" /etc/nomad.d on nomad-2: write nomad-2: /etc/nomad.d/nomad.hcl",
			"start Nomad on nomad-2: start nomad-2",
			"wait until Nomad on nomad-2 answers: ")
		text, _ := lab.ReadFile(t.Context(), "nomad-2", "/etc/nomad.d/nomad.hcl")
		if move.Name() != want.name || !strings.HasPrefix(string(text), want.file+"\nbind = \"fd00:d1::99\"\n") {
			t.Errorf("%s: the configuration is:\n%s", move.Name(), text)
		}
	}
}

// Goal: a restart of one node leaves the others alone; a name that is none is told, and a topology without the product.
// Method: perform it on a node, on one that does not exist, and for a role that nobody has.
func TestRestart(t *testing.T) {
	lab := machines(t)
	labtest.ExpectDone(t, lab, Restart{Service: agents().On("client-1")},
		"stop Nomad on client-1: stop client-1", "start Nomad on client-1: start client-1",
		"wait until Nomad on client-1 answers: ")
	_, err := labtest.Perform(t.Context(), lab, Restart{Service: agents().On("nomad-9")})
	labtest.Expect(t, err, `the topology has no node "nomad-9": its nodes are `)
	nowhere := agents()
	nowhere.Roles = []string{"scanner"}
	_, err = labtest.Perform(t.Context(), lab, Renumbering{Service: nowhere})
	labtest.Expect(t, err, "no node of the topology runs Nomad")
}

// Goal: an agent that ends at its start ends the wait at once, with its last words. Method: let one die with an error.
func TestAgentThatDiesAtItsStart(t *testing.T) {
	lab := machines(t)
	lab.OnStart = func(node string) {
		if node == "nomad-1" {
			lab.Print(node, "==> Error starting agent: it is Monday")
			lab.End(node, 1)
		}
	}
	_, err := labtest.Perform(t.Context(), lab, Renumbering{Service: agents()})
	labtest.Expect(t, err, "exit code 1")
	labtest.Expect(t, err, "it is Monday")
	if err != nil && strings.Contains(err.Error(), "nomad-2:") {
		t.Errorf("a healthy agent is blamed: %v", err)
	}
}

// Goal: what providers do is done to the machine and to no other. Method: perform it, and compare steps.
func TestProviders(t *testing.T) {
	lab := machines(t)
	labtest.ExpectDone(t, lab, PowerCycle{"nomad-1"}, "switch nomad-1 off: power off nomad-1",
		"switch nomad-1 on: power on nomad-1, start nomad-1")
	labtest.ExpectDone(t, lab, PowerOff{"nomad-1"}, "switch nomad-1 off: power off nomad-1")
	labtest.ExpectDone(t, lab, PowerOn{"nomad-1"}, "power on nomad-1: power on nomad-1, start nomad-1")
	_ = lab.Stop(t.Context(), "nomad-2")
	lab.Journal()
	labtest.ExpectDone(t, lab, Reinstall{Node: "nomad-2"},
		"reinstall the operating system of nomad-2: reinstall nomad-2, start nomad-2")
}

// Goal: what is refused in the expected words is a step done; what is not refused, or in other words, is not. Method:
// runbooks that end in each way.
func TestExpectError(t *testing.T) {
	lab := machines(t)
	ends := func(err error) harness.Runbook {
		return Of("try", harness.Step{Name: "try", Do: func(context.Context, harness.Operator) error { return err }})
	}
	refused := ends(errors.New("only with a majority"))
	for _, test := range []struct {
		runbook harness.Runbook
		with    string
		want    string
	}{
		{refused, "a majority", ""},
		{refused, "please", "refused in other words"},
		{ends(nil), "please", "it was not refused"},
	} {
		_, err := Run(t.Context(), lab, ExpectError{Runbook: test.runbook, With: test.with})
		labtest.Expect(t, err, test.want)
	}
}

// Goal: time that is only declared passes, and the end of the context ends a runbook before its next step. Method: a runbook that
// declares time, and ends its own context.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, machines(t), Of("decide", harness.Step{Name: "decide", Declared: time.Hour},
		harness.Step{Name: "act", Do: func(context.Context, harness.Operator) error { cancel(); return nil }},
		harness.Step{Name: "act on", Do: func(context.Context, harness.Operator) error {
			t.Error("it goes on")
			return nil
		}}))
	labtest.Expect(t, err, "decide: act on: context canceled")
}

// Goal: a command that fails is told with the step. Method: one that a machine in memory does not know.
func TestExec(t *testing.T) {
	_, err := Run(t.Context(), machines(t), Of("tidy up", Exec("empty the bin", "nomad-1", "rm", "-r", "/bin")))
	labtest.Expect(t, err, "tidy up: empty the bin: ")
}

// Goal: evidence is found by its text and its time. Method: print lines and look for them.
func TestLogLines(t *testing.T) {
	lab := machines(t)
	lab.Print("nomad-1", "[WARN] stepping down")
	lab.Print("nomad-1", "[INFO] something else")
	status, _ := lab.Status(t.Context(), "nomad-1")
	lines, err := LogLines(t.Context(), lab, "nomad-1", status.Started, "stepping down")
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0].Text, "stepping down") {
		t.Fatalf("found %v, %v", lines, err)
	}
	lines, err = LogLines(t.Context(), lab, "nomad-1", lines[0].At.Add(1), "stepping down")
	if err != nil || len(lines) != 0 {
		t.Errorf("found %v, %v after it", lines, err)
	}
}
