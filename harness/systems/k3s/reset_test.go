package k3s

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

const database = "/var/lib/rancher/k3s/server/db"

// resettable is the trio, two of which are without power, with a survivor whose API believes whatever it is told.
func resettable(t *testing.T, survivor string) *machines {
	t.Helper()
	machines := newMachines(t)
	for _, name := range []string{"server-1", "server-2", "server-3"} {
		if name != survivor {
			machines.End(name, -1)
		}
	}
	later := metav1.NewTime(time.Now().Add(time.Hour))
	var nodes []core.Node
	for _, name := range []string{"server-1", "server-2", "server-3"} {
		node := aNode(name, core.ConditionTrue)
		node.Status.Conditions = append(node.Status.Conditions, core.NodeCondition{
			Type: etcdVoter, Status: core.ConditionTrue,
			LastTransitionTime: later,
		})
		nodes = append(nodes, node)
	}
	served := nodesAPI(nodes, aLease("server-1", later.Time), aLease("server-2", later.Time), aLease("server-3", later.Time))
	for _, node := range nodes {
		served.set("GET /api/v1/nodes/"+node.Name, node)
	}
	machines.serve(t, survivor, "secret", served)
	machines.run = func(node string, argv []string) (string, error) {
		if slices.Contains(argv, "--cluster-reset") {
			return "", machines.Lab.WriteFile(t.Context(), node, harness.File{Path: database + "/reset-flag"})
		}
		return "", nil
	}
	return machines
}

// carryOut does every step of a runbook.
func carryOut(t *testing.T, wanted harness.Runbook, operator harness.Operator) error {
	t.Helper()
	_, err := runbook.Run(t.Context(), operator, wanted)
	return err
}

const aside = `sh -c if [ -d "$1" ]; then rm -rf "$1-before-reset" && mv "$1" "$1-before-reset"; fi sh ` + database

// Goal: the reset does what k3s documents, in an order that never lets two servers of the old cluster run.
// Method: the founder survives; compare what is done with what has to be.
func TestClusterReset(t *testing.T) {
	machines := resettable(t, "server-1")
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-1", Snapshot: "/snapshots/one"}, machines), "")
	done := machines.journal()
	slices.Sort(done[:3]) // all at once
	want := []string{
		"stop server-1", "stop server-2", "stop server-3",
		"remove server-1: " + joinFile,
		"remove server-1: " + database + "/reset-flag",
		"exec server-1: k3s server --cluster-init --cluster-reset --cluster-reset-restore-path=/snapshots/one",
		"start server-1",
		"power on server-2", "stop server-2", "exec server-2: " + aside, "start server-2",
		"power on server-3", "stop server-3", "exec server-3: " + aside, "start server-3",
	}
	if !slices.Equal(done, want) {
		t.Errorf("done:\n%s\nwant:\n%s", strings.Join(done, "\n"), strings.Join(want, "\n"))
	}
}

// Goal: when a server survives that had joined another, it is reset without that, the founder joins it, and
// who is told to join the founder comes last. Method: server-2 survives, server-3 is told to join server-1.
func TestClusterResetWithoutTheFounder(t *testing.T) {
	machines := resettable(t, "server-2")
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-2"}, machines), "")
	done := machines.journal()
	for _, want := range []string{"exec server-2: k3s server --cluster-reset", "write server-1: " + joinFile} {
		if !slices.Contains(done, want) {
			t.Errorf("not done: %s, but:\n%s", want, strings.Join(done, "\n"))
		}
	}
	if slices.Index(done, "start server-1") > slices.Index(done, "start server-3") {
		t.Errorf("server-3 came before server-1, which it joins:\n%s", strings.Join(done, "\n"))
	}
	text, err := machines.ReadFile(t.Context(), "server-1", joinFile)
	if err != nil || string(text) != "server: https://10.201.3.12:6443\n" {
		t.Errorf("server-1 is told %q, %v", text, err)
	}
}

// Goal: the others can be left for later, and brought back one by one. Method: the same, in two parts.
func TestRejoin(t *testing.T) {
	machines := resettable(t, "server-1")
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-1", Alone: true}, machines), "")
	if done := strings.Join(machines.journal(), "\n"); strings.Contains(done, "start server-2") ||
		strings.Contains(done, "power on") {
		t.Errorf("server-2 was started:\n%s", done)
	}
	labtest.Expect(t, carryOut(t, Rejoin("server-2", "server-1"), machines), "")
	if done := machines.journal(); !slices.Equal(done, []string{"power on server-2", "stop server-2", "exec server-2: " +
		aside, "start server-2"}) {
		t.Errorf("done: %q", done)
	}
}

// Goal: a reset that did not go through ends the procedure in words. Method: a command that fails, one that
// leaves no flag, a survivor that is none.
func TestClusterResetThatFails(t *testing.T) {
	machines := resettable(t, "server-1")
	machines.run = func(string, []string) (string, error) {
		return "", &harness.CommandError{
			Node: "server-1", Argv: []string{"k3s"}, ExitCode: 1,
			Output: "etcd: snapshot path does not exist: /x",
		}
	}
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-1", Snapshot: "/x"}, machines),
		"reset the cluster: server-1: \"k3s\" exited with 1: etcd: snapshot path does not exist: /x")
	machines.run = func(string, []string) (string, error) { return "", nil }
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-1"}, machines), "the reset ended and did not say so")
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "agent-1"}, machines), `the main process of agent-1 is "k3s agent`)
	labtest.Expect(t, carryOut(t, ClusterReset{Survivor: "server-9"}, machines),
		`the topology has no node "server-9": its nodes are `)
}

// Goal: a server without power, which cannot be told to stop, does not keep the others from being stopped; one
// that runs and cannot be stopped does. Method: a machine that refuses.
func TestStopForGood(t *testing.T) {
	machines := newMachines(t)
	labtest.Expect(t, stopForGood(t.Context(), stubborn{machines}, "server-1"), "will not stop")
	machines.End("server-1", -1)
	labtest.Expect(t, stopForGood(t.Context(), stubborn{machines}, "server-1"), "")
}

type stubborn struct{ *machines }

func (stubborn) Stop(context.Context, string) error { return errors.New("will not stop") }

// Goal: a server counts as back when it has become a voter since its start. Method: a table.
func TestVotesSince(t *testing.T) {
	start := time.Now().Truncate(time.Second)
	condition := func(status core.ConditionStatus, at time.Time) core.Node {
		node := aNode("server-2", core.ConditionTrue)
		node.Status.Conditions = []core.NodeCondition{{
			Type: etcdVoter, Status: status, LastTransitionTime: metav1.NewTime(at),
			Reason: "MemberIsLearner",
		}}
		return node
	}
	labtest.Expect(t, votesSince(condition(core.ConditionTrue, start.Add(time.Second)), start), "")
	labtest.Expect(t, votesSince(condition(core.ConditionTrue, start.Add(-time.Minute)), start), "has not been seen to since")
	labtest.Expect(t, votesSince(condition(core.ConditionFalse, start.Add(time.Second)), start),
		"server-2 does not vote in etcd (MemberIsLearner)")
	labtest.Expect(t, votesSince(aNode("server-2", core.ConditionTrue), start), "does not vote")
}

// Goal: the reset command is the node's own, less what k3s refuses in a reset; the server to join is also
// taken out of configuration files. Method: tables of commands, and a file.
func TestCommands(t *testing.T) {
	cases := []struct {
		argv        []string
		environment map[string]string
		reset       string
	}{
		{[]string{"k3s", "server", "-s", "https://a:6443", "--data-dir=/data"}, nil, "k3s server --data-dir=/data --cluster-reset"},
		{[]string{"/bin/k3s", "server", "--server=https://a:6443"}, nil, "/bin/k3s server --cluster-reset"},
		{[]string{"k3s", "server"}, map[string]string{"K3S_URL": "https://a:6443"}, "env -u K3S_URL k3s server --cluster-reset"},
	}
	for _, c := range cases {
		command := command{argv: c.argv, environment: c.environment}
		if got := strings.Join(command.reset(""), " "); got != c.reset {
			t.Errorf("%q is reset by %q, want %q", c.argv, got, c.reset)
		}
		if command.server() != "https://a:6443" {
			t.Errorf("%q joins %q", c.argv, command.server())
		}
	}
	if got := (command{argv: []string{"k3s", "server", "-d", "/data"}}).database(); got != "/data/server/db" {
		t.Errorf("the datastore is in %s", got)
	}

	machines := newMachines(t)
	node := trio().Nodes[0]
	node.System.Files = []harness.File{{Path: configFolder + "/config.yaml"}}
	text := "token: x\nserver: https://a:6443\nserver-other: y\n"
	if err := machines.Lab.WriteFile(t.Context(), node.Name, harness.File{
		Path: configFolder + "/config.yaml",
		Data: []byte(text),
	}); err != nil {
		t.Fatal(err)
	}
	labtest.Expect(t, forgetServer(t.Context(), machines, node), "")
	left, err := machines.ReadFile(t.Context(), node.Name, configFolder+"/config.yaml")
	if err != nil || string(left) != "token: x\nserver-other: y\n" {
		t.Errorf("left: %q, %v", left, err)
	}
}

// listing is what k3s 1.34.0 prints of one snapshot.
func listing(names ...string) string {
	var items []string
	for i, name := range names {
		items = append(items, `{"metadata": {"name": "local-`+name+`"}, "spec": {"snapshotName": "`+name+`", "nodeName": "server-1",
			"location": "file:///var/lib/rancher/k3s/server/db/snapshots/`+name+`"},
			"status": {"size": "2179104", "creationTime": "2026-11-21T15:00:0`+string(rune('0'+i))+`Z", "readyToUse": true}}`)
	}
	return `{"kind": "ETCDSnapshotFileList", "items": [` + strings.Join(items, ",") + `]}`
}

// Goal: a snapshot that is saved is found by what is new in the list. Method: a k3s that lists one more
// afterwards; one that fails.
func TestSnapshotSave(t *testing.T) {
	machines := newMachines(t)
	saved := []string{"reprise-server-1-1"}
	machines.run = func(_ string, argv []string) (string, error) {
		if argv[2] == "save" {
			saved = append(saved, "reprise-server-1-2", "etcd-snapshot-server-1-3")
			return "", nil
		}
		return listing(saved...), nil
	}
	snapshot, err := SnapshotSave(t.Context(), machines, "server-1")
	want := Snapshot{
		Name: "reprise-server-1-2", Node: "server-1", Path: "/var/lib/rancher/k3s/server/db/snapshots/reprise-server-1-2",
		Made: time.Date(2026, 11, 21, 15, 0, 1, 0, time.UTC), Bytes: 2179104,
	}
	if err != nil || snapshot != want {
		t.Errorf("saved %+v, %v, want %+v", snapshot, err, want)
	}
	if done := machines.journal(); done[1] != "exec server-1: k3s etcd-snapshot save --name reprise" {
		t.Errorf("done: %q", done)
	}
	machines.run = func(string, []string) (string, error) { return "", errors.New("no etcd here") }
	_, err = SnapshotSave(t.Context(), machines, "server-1")
	labtest.Expect(t, err, "list the snapshots: no etcd here")
	machines.run = func(string, []string) (string, error) { return "no resources", nil }
	_, err = Snapshots(t.Context(), machines, "server-1")
	labtest.Expect(t, err, "list the snapshots of server-1: invalid character")
}
