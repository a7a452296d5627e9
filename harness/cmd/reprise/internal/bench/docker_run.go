//go:build bench

package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// dockerLimit bounds one docker command. Removing a node that runs pods takes the longest.
const dockerLimit = time.Minute

// plainEntrypoint is what a person writes who runs Kubernetes in a container that is not privileged.
//
//go:embed docker_run.sh
var plainEntrypoint []byte

// Where a plain node has what its person has added, and where its k3s writes the administrator's kubeconfig.
const (
	plainEntrypointFile = "/entrypoint.sh"
	plainSecrets        = "/secrets"
	plainKubeconfig     = "k3s.yaml"
)

// A plainNode is the only node of a topology as a person runs it by the docker command: one container on
// a network of its own, with the same image, files, rights and address as in a lab, and without a
// harness. Probes can ask it as they ask a lab, as far as its API and its kubeconfig go; the engine has
// to run on this machine.
type plainNode struct {
	harness.Observer // nothing: what is not asked of this node panics
	topology         harness.Topology
	run              string
	name             string // of the container and its network
	folder           string // on this machine, of what is mounted into it
	removeFolder     func() error
	started          time.Time
}

// newPlainNode writes the files of the node into a temporary folder.
func newPlainNode(topology harness.Topology, run string) (*plainNode, error) {
	folder, remove, err := supervise.MakeTemporary()
	if err != nil {
		return nil, fmt.Errorf("make a folder for the files of a plain node: %w", err)
	}
	p := &plainNode{topology: topology, run: run, name: "reprise-" + run + "-plain", folder: folder, removeFolder: remove}
	if err := p.writeFiles(); err != nil {
		return nil, errors.Join(fmt.Errorf("write the files of a plain node: %w", err), remove())
	}
	return p, nil
}

func (p *plainNode) writeFiles() error {
	if err := os.Mkdir(filepath.Join(p.folder, plainSecrets), 0o700); err != nil {
		return err
	}
	entrypoint := harness.File{Path: plainEntrypointFile, Data: plainEntrypoint}
	for _, file := range append([]harness.File{entrypoint}, p.node().System.Files...) {
		path, mode := filepath.Join(p.folder, file.Path), os.FileMode(0o644)
		if file.Mode != 0 {
			mode = file.Mode
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Data, mode); err != nil {
			return err
		}
	}
	return nil
}

func (p *plainNode) node() harness.Node { return p.topology.Nodes[0] }

// prepare makes the network. It leads nowhere, as a lab's does.
func (p *plainNode) prepare(ctx context.Context) error {
	network := p.topology.Networks[0]
	arguments := append([]string{"network", "create", "--internal", "--ipv6"}, p.labels()...)
	_, err := runDocker(ctx, append(arguments, "--subnet", network.IPv6.String(), "--subnet", network.IPv4.String(), p.name)...)
	return err
}

// labels mark what the node consists of, so that `make clean` finds it and nothing else takes it away.
func (p *plainNode) labels() []string {
	return []string{"--label", engine.LabelLab + "=" + p.name, "--label", engine.LabelRun + "=" + p.run}
}

func (p *plainNode) start(ctx context.Context, image string) error {
	_, err := runDocker(ctx, p.arguments(image)...)
	return err
}

// arguments are those of `docker run`. What a lab's container has and the command has no option for, its
// entrypoint does.
func (p *plainNode) arguments(image string) []string {
	node := p.node()
	arguments := append([]string{"run", "--detach", "--name", p.name, "--hostname", node.Name}, p.labels()...)
	arguments = append(arguments,
		"--network", p.name, "--ip", node.IPv4.String(), "--ip6", node.IPv6.String(),
		"--cgroupns", "private", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--device", "/dev/kmsg:/dev/kmsg:r", "--tmpfs", "/run:exec", "--tmpfs", "/tmp:exec,mode=1777",
		"--env", "K3S_KUBECONFIG_OUTPUT="+plainSecrets+"/"+plainKubeconfig, "--env", "K3S_KUBECONFIG_MODE=644",
		"--volume", filepath.Join(p.folder, plainSecrets)+":"+plainSecrets,
		"--volume", filepath.Join(p.folder, plainEntrypointFile)+":"+plainEntrypointFile+":ro",
	)
	arguments = append(arguments, "--security-opt", "no-new-privileges", "--cap-drop", "ALL")
	for _, capability := range p.topology.CapabilitiesOf(node).Names() {
		arguments = append(arguments, "--cap-add", capability)
	}
	for _, volume := range node.System.Volumes {
		arguments = append(arguments, "--volume", volume)
	}
	for _, file := range node.System.Files {
		arguments = append(arguments, "--volume", filepath.Join(p.folder, file.Path)+":"+file.Path+":ro")
	}
	arguments = append(arguments, "--entrypoint", "/bin/sh", image, plainEntrypointFile)
	return append(arguments, node.System.Command...)
}

// remove takes the container, its volumes, the network and the files away, also what there is of them
// after an error or an interrupt.
func (p *plainNode) remove(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	marked := "label=" + engine.LabelLab + "=" + p.name
	err := p.removeListed(ctx, []string{"container", "ls", "--all", "--quiet", "--filter", marked}, "container", "rm", "--force",
		"--volumes")
	err = errors.Join(err, p.removeListed(ctx, []string{"network", "ls", "--quiet", "--filter", marked}, "network", "rm"))
	return errors.Join(err, p.removeFolder())
}

func (p *plainNode) removeListed(ctx context.Context, list []string, remove ...string) error {
	listed, err := runDocker(ctx, list...)
	if err != nil || strings.TrimSpace(listed) == "" {
		return err
	}
	_, err = runDocker(ctx, append(remove, strings.Fields(listed)...)...)
	return err
}

// lastWords is what the node has printed last, for the error of one that does not get Ready.
func (p *plainNode) lastWords(ctx context.Context) string {
	words, err := runDocker(context.WithoutCancel(ctx), "logs", "--tail", "20", p.name)
	if err != nil {
		return err.Error()
	}
	return words
}

// runDocker runs the docker command and returns what it printed. It is not broken off: what it was told
// to create would then appear when nobody looks any more. Neither does it hear of a Ctrl-C.
func runDocker(ctx context.Context, arguments ...string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), dockerLimit)
	defer cancel()
	command := exec.CommandContext(limited, "docker", arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", arguments[0], err, strings.TrimSpace(string(output)))
	}
	return string(output), nil
}

// Topology is that of the one node.
func (p *plainNode) Topology() harness.Topology { return p.topology }

// Status takes the node for running: when it does not, nothing answers.
func (p *plainNode) Status(context.Context, string) (harness.SystemStatus, error) {
	return harness.SystemStatus{Running: true, Started: p.started}, nil
}

// ReadFile reads what the node's k3s has written where this machine sees it.
func (p *plainNode) ReadFile(_ context.Context, _, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(p.folder, plainSecrets, filepath.Base(path)))
}

// Dial opens a connection from this machine. The node's own 127.0.0.1 is its address.
func (p *plainNode) Dial(ctx context.Context, _, network, address string) (net.Conn, error) {
	if target, err := netip.ParseAddrPort(address); err == nil && target.Addr().IsLoopback() {
		address = netip.AddrPortFrom(p.node().IPv4, target.Port()).String()
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}
