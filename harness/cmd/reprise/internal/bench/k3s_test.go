//go:build bench

package bench

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// plain is a plain node of a topology, with its files in a folder of the test.
func plain(t *testing.T, topology harness.Topology) *plainNode {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	node, err := newPlainNode(topology, "bench-1")
	testkit.Must(t, err)
	return node
}

// Goal: the plain node has what the topology says of a node: image, command, address, rights, volumes, and
// every file with its content and mode; and `make clean` would find it. Method: look for all of it among the
// arguments of `docker run`, and at the files that they mount.
func TestPlainNodeIsTheTopologys(t *testing.T) {
	topology := fixtures.K3sCluster(1, 0)
	described := topology.Nodes[0]
	node := plain(t, topology)
	arguments := node.arguments("reprise/k3s-node:1")
	wanted := map[string]string{
		described.Name: "--hostname", described.IPv4.String(): "--ip", described.IPv6.String(): "--ip6",
		engine.LabelLab + "=" + node.name: "--label", engine.LabelRun + "=bench-1": "--label",
	}
	wanted["ALL"], wanted["no-new-privileges"] = "--cap-drop", "--security-opt"
	for _, capability := range topology.CapabilitiesOf(described).Names() {
		wanted[capability] = "--cap-add"
	}
	for _, volume := range described.System.Volumes {
		wanted[volume] = "--volume"
	}
	for _, file := range described.System.Files {
		source := filepath.Join(node.folder, file.Path)
		wanted[source+":"+file.Path+":ro"] = "--volume"
		content, err := os.ReadFile(source)
		state, statErr := os.Stat(source)
		if err != nil || statErr != nil || string(content) != string(file.Data) {
			t.Errorf("%s: %q, %v", file.Path, content, errors.Join(err, statErr))
			continue
		}
		if executable := state.Mode()&0o100 != 0; executable != (file.Mode&0o100 != 0) {
			t.Errorf("%s has the mode %v, want %v", file.Path, state.Mode(), file.Mode)
		}
	}
	for value, option := range wanted {
		if at := slices.Index(arguments, value); at < 1 || arguments[at-1] != option {
			t.Errorf("%s %s is missing in %q", option, value, arguments)
		}
	}
	end := append([]string{"--entrypoint", "/bin/sh", "reprise/k3s-node:1", plainEntrypointFile}, described.System.Command...)
	if last := arguments[len(arguments)-len(end):]; !slices.Equal(last, end) {
		t.Errorf("it ends with %q, want %q", last, end)
	}
	if slices.Contains(arguments, "--privileged") {
		t.Error("it is privileged: its kubelet would change the machine's kernel")
	}
}

// Goal: no kubelet of a plain node can change the machine's kernel: there is a copy in front of every setting
// that the agent knows a kubelet writes. Method: read the agent's list, run the entrypoint in a mount
// namespace of its own, and look what is mounted there. Nothing is written to any setting.
func TestPlainEntrypointCoversTheSettings(t *testing.T) {
	source, err := os.ReadFile("../../../../agent/internal/supervisor/containers.go")
	testkit.Must(t, err)
	settings := regexp.MustCompile(`"(/proc/sys/\S+)"`).FindAllStringSubmatch(string(source), -1)
	if len(settings) < 6 {
		t.Fatalf("only %d settings found in the agent's source", len(settings))
	}
	node := plain(t, fixtures.K3sCluster(1, 0))
	mounted := mountsAfter(t, filepath.Join(node.folder, plainEntrypointFile))
	for _, setting := range settings {
		if _, err := os.Stat(setting[1]); err != nil {
			continue // this kernel does not have it
		}
		if !slices.Contains(mounted, setting[1]) {
			t.Errorf("%s is the machine's in\n%s", setting[1], strings.Join(mounted, "\n"))
		}
	}
}

// placeOfMount is the field of a line of mountinfo that says where something is mounted.
const placeOfMount = 4

// mountsAfter are the mount points that a program sees which the entrypoint becomes.
func mountsAfter(t *testing.T, entrypoint string) []string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("there is no unshare here")
	}
	output, err := exec.CommandContext(t.Context(), unshare, "--mount", "--propagation", "private", "sh", entrypoint, "cat",
		"/proc/self/mountinfo").CombinedOutput()
	if err != nil {
		t.Skipf("this machine does not let the test mount: %v: %s", err, output)
	}
	var points []string
	for line := range strings.Lines(string(output)) {
		points = append(points, strings.Fields(line)[placeOfMount])
	}
	return points
}

// Goal: probes that know only labs can ask a plain node: its own 127.0.0.1 leads to its address, and its
// kubeconfig is not there until k3s has written it. Method: a node at a loopback address with a listener.
func TestPlainNodeAnswersProbes(t *testing.T) {
	topology := fixtures.K3sCluster(1, 0)
	topology.Nodes[0].IPv4 = netip.MustParseAddr("127.0.0.9")
	node := plain(t, topology)
	if _, err := node.ReadFile(t.Context(), "server-1", "/etc/rancher/k3s/k3s.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before k3s has written it: %v", err)
	}
	testkit.Must(t, os.WriteFile(filepath.Join(node.folder, plainSecrets, plainKubeconfig), []byte("keys"), 0o600))
	if content, err := node.ReadFile(t.Context(), "server-1", "/etc/rancher/k3s/k3s.yaml"); err != nil || string(content) != "keys" {
		t.Errorf("afterwards: %q, %v", content, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.9:0")
	if err != nil {
		t.Skipf("this machine has only one loopback address: %v", err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	connection, err := node.Dial(t.Context(), "server-1", "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	testkit.Must(t, err)
	if remote := connection.RemoteAddr().String(); remote != listener.Addr().String() {
		t.Errorf("reached %s", remote)
	}
	testkit.Expect(t, connection.Close(), "")
}

// Goal: what is left of a node after an error or an interrupt goes: container, network, files. Method: a
// docker command that lists one of each and writes down what it is asked; remove under a cancelled context.
func TestPlainNodeIsRemovedAfterAnInterrupt(t *testing.T) {
	node := plain(t, fixtures.K3sCluster(1, 0))
	journal := fakeDocker(t, `case "$*" in *" ls "*) echo "$1-7" ;; esac`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	testkit.Must(t, node.remove(ctx))
	asked := journal()
	testkit.Contains(t, "what was asked", asked,
		"container rm --force --volumes container-7\n", "network rm network-7\n", "label="+
			engine.LabelLab+"="+node.name)
	if _, err := os.Stat(node.folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the files are still there: %v", err)
	}
}

// Goal: where nothing was created nothing is removed, and that is no error. Method: a docker command that
// lists nothing.
func TestPlainNodeThatWasNeverThere(t *testing.T) {
	node := plain(t, fixtures.K3sCluster(1, 0))
	journal := fakeDocker(t, "")
	testkit.Must(t, node.remove(t.Context()))
	if asked := journal(); strings.Contains(asked, " rm ") || strings.Count(asked, " ls ") != 2 {
		t.Errorf("it asked:\n%s", asked)
	}
}

// fakeDocker puts a docker command in front of the others that runs a script; the function returns what
// it was asked, a line each.
func fakeDocker(t *testing.T, script string) func() string {
	t.Helper()
	folder := t.TempDir()
	journal := filepath.Join(folder, "journal")
	text := "#!/bin/sh\necho \"$*\" >> " + journal + "\n" + script + "\n"
	testkit.Must(t, os.WriteFile(filepath.Join(folder, "docker"), []byte(text), 0o755))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return func() string {
		asked, err := os.ReadFile(journal)
		testkit.Must(t, err)
		return string(asked)
	}
}

// Goal: the figures compare medians and say where a lab's time went. Method: labs and plain nodes whose
// figures are known, on both sides of the target.
func TestNodeFigures(t *testing.T) {
	labs := func(whole time.Duration) []nodeReadiness {
		return []nodeReadiness{{stages: lab.Stages{Images: time.Second, Networks: time.Second, Processes: time.Second}, whole: whole}}
	}
	for whole, verdict := range map[time.Duration]string{13 * time.Second: met, 14 * time.Second: missed} {
		figures := nodeFigures(labs(whole), []time.Duration{9 * time.Second, 10 * time.Second, 30 * time.Second})
		if quotient := figures[2]; quotient.Verdict != verdict || quotient.Ratio != whole.Seconds()/10 {
			t.Errorf("%v against 10 s: %+v", whole, quotient)
		}
		if figures[3].Median != 3*time.Second || figures[4].Median != whole-3*time.Second {
			t.Errorf("of %v, %v before k3s and %v after", whole, figures[3].Median, figures[4].Median)
		}
	}
}

// Goal: --keep can keep the last lab, also of one part. Method: count what the parts start.
func TestBenchStarts(t *testing.T) {
	for only, want := range map[string]int{"": 19, "k3s": 6, "ready": 1} {
		if got := (&bench{Options: Options{Only: only, Runs: 5, Starts: 10}}).allStarts(); got != want {
			t.Errorf("%q: %d labs, want %d", only, got, want)
		}
	}
	if got := (&bench{Options: Options{Runs: 1, Starts: 10}}).allStarts(); got != 10 {
		t.Errorf("%d labs, want the 10 that were asked for", got)
	}
}
