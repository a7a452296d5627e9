package ganeti

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// MoveSSH has a node's SSH server listen at another port, once the machine has booted. The cluster is not told: that is
// [Session.SSHPort].
func MoveSSH(node string, port int) harness.Runbook {
	name := fmt.Sprintf("move the SSH server of %s to port %d", node, port)
	write := func(ctx context.Context, operator harness.Operator) error {
		const path = "/etc/ssh/sshd_config.d/port.conf"
		return operator.WriteFile(ctx, node, harness.File{Path: path, Data: fmt.Appendf(nil, "Port %d\n", port)})
	}
	return runbook.Of(name, append(Booted(node).Steps(),
		harness.Step{Name: name, Do: write}, runbook.Exec("restart it", node, "service", "ssh", "restart"))...)
}

// SSHPort tells the cluster at which port a node's SSH server listens.
func (s Session) SSHPort(node string, port int) harness.Runbook {
	return s.order(fmt.Sprintf("tell the cluster that SSH of %s is at port %d", node, port),
		"gnt-node", "modify", "--node-parameters", fmt.Sprintf("ssh_port=%d", port), s.Cluster.Full(node))
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
