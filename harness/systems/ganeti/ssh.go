package ganeti

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// MoveSSH has a node's SSH server listen at another port. The cluster is not told: that is [SSHPort].
type MoveSSH struct {
	Node string
	Port int
}

// Name says where to.
func (m MoveSSH) Name() string {
	return fmt.Sprintf("move the SSH server of %s to port %d", m.Node, m.Port)
}

// Steps write the server's configuration, and restart it, once the machine has booted.
func (m MoveSSH) Steps() []harness.Step {
	return append(Booted{m.Node}.Steps(),
		harness.Step{Name: m.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
			const path = "/etc/ssh/sshd_config.d/port.conf"
			return operator.WriteFile(ctx, m.Node, harness.File{Path: path, Data: fmt.Appendf(nil, "Port %d\n", m.Port)})
		}},
		runbook.Exec("restart it", m.Node, "service", "ssh", "restart"),
	)
}

// SSHPort tells the cluster at which port a node's SSH server listens.
type SSHPort struct {
	Cluster Cluster
	Master  string
	Node    string
	Port    int
}

// Name says which.
func (s SSHPort) Name() string {
	return fmt.Sprintf("tell the cluster that SSH of %s is at port %d", s.Node, s.Port)
}

// Steps run the command.
func (s SSHPort) Steps() []harness.Step {
	return order(s.Name(), s.Master, "gnt-node", "modify", "--node-parameters",
		fmt.Sprintf("ssh_port=%d", s.Port), s.Cluster.Full(s.Node))
}

// sysrq is what `gnt-cluster verify` misses in a container, and must: with it, powercycling a node would power-cycle the
// machine that the containers run on.
const sysrq = "/proc/sysrq-trigger"

// Verify has a master verify its cluster, and returns the errors that it finds, but for the one that every container
// has: /proc/sysrq-trigger cannot be written, by intent.
func Verify(ctx context.Context, operator harness.Operator, master string) ([]string, error) {
	said, err := operator.Exec(ctx, master, "gnt-cluster", "verify")
	text := string(said)
	if failed, ok := errors.AsType[*harness.CommandError](err); ok {
		text, err = failed.Output, nil
	}
	return complaints(text), err
}

// complaints are the errors in what `gnt-cluster verify` says.
func complaints(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, "ERROR") && !strings.Contains(line, sysrq) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}
