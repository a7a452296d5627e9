package ganeti

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// hostsFile is where the names are resolved: Ganeti asks for them whenever it is told one.
const hostsFile = "/etc/hosts"

// MoveTo moves the cluster to another address, under the name that it has: it changes what the name means on every node, and
// renames the cluster to that name.
func (s Session) MoveTo(to netip.Addr) harness.Runbook {
	name := "move the cluster to " + to.String()
	return runbook.Of(name,
		renumberFiles("have every node find the cluster at "+to.String(), s.Cluster.Nodes, s.Cluster.Address, to, hostsFile),
		runbook.Exec(name, s.Master, "gnt-cluster", "rename", "-f", s.Cluster.Name))
}

// addressFiles are where a master keeps a node's primary address. A node without another for its disks has that one as its
// secondary address too.
func (c Cluster) addressFiles(node string) []string {
	files := []string{
		"/var/lib/ganeti/config.data", "/var/lib/ganeti/ssconf_node_primary_ips", "/var/lib/ganeti/ssconf_master_candidates_ips",
	}
	if _, has := c.Secondary[node]; !has {
		files = append(files, secondaryFile)
	}
	return files
}

// NodeAddress tells the cluster that a node has another address. Ganeti has no command for it: the configuration is
// edited while the daemons of the master, which is another node, are stopped, and the node is added again.
func (s Session) NodeAddress(node string, from, to netip.Addr) harness.Runbook {
	steps := []harness.Step{
		renumberFiles("have every node find "+node+" at "+to.String(), s.Cluster.Nodes, from, to, hostsFile),
		runbook.Exec("stop the daemons on "+s.Master, s.Master, "service", "ganeti", "stop"),
		renumberFiles("edit the configuration on "+s.Master, []string{s.Master}, from, to, s.Cluster.addressFiles(node)...),
		runbook.Exec("start the daemons on "+s.Master, s.Master, "service", "ganeti", "start"),
		runbook.Exec("give the configuration to the other nodes", s.Master, "gnt-cluster", "redist-conf"),
	}
	return runbook.Of(fmt.Sprintf("tell the cluster that %s is at %s", node, to), append(steps, s.Readd(node).Steps()...)...)
}

// renumberFiles is a step that puts one address in the place of another in files of nodes.
func renumberFiles(name string, nodes []string, from, to netip.Addr, paths ...string) harness.Step {
	return harness.Step{Name: name, Do: func(ctx context.Context, operator harness.Operator) error {
		for _, node := range nodes {
			for _, path := range paths {
				text, err := operator.ReadFile(ctx, node, path)
				if err != nil {
					return fmt.Errorf("read %s of %s: %w", path, node, err)
				}
				changed := renumbered(text, from, to)
				if bytes.Equal(changed, text) {
					return fmt.Errorf("%s of %s does not name %s", path, node, from)
				}
				if err := operator.WriteFile(ctx, node, harness.File{Path: path, Mode: 0o640, Data: changed}); err != nil {
					return fmt.Errorf("write %s of %s: %w", path, node, err)
				}
			}
		}
		return nil
	}}
}

// renumbered is a text with one address in the place of another. One that only begins like it is left alone.
func renumbered(text []byte, from, to netip.Addr) []byte {
	isPart := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] >= '0' && text[at] <= '9' || text[at] == '.')
	}
	old := []byte(from.String())
	var changed []byte
	for at := 0; at < len(text); {
		if bytes.HasPrefix(text[at:], old) && !isPart(at-1) && !isPart(at+len(old)) {
			changed, at = append(changed, to.String()...), at+len(old)
			continue
		}
		changed, at = append(changed, text[at]), at+1
	}
	return changed
}

// ManageableByName claims what [Manageable] does, at the address that a node finds the cluster's name at.
func ManageableByName(cluster Cluster, node string) harness.Probe {
	return probe.Func{
		Label: "the cluster takes orders by its name", Every: manageablePeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			text, err := observer.ReadFile(ctx, node, hostsFile)
			if err != nil {
				return err
			}
			moved := cluster
			if moved.Address, err = find(text, cluster.Name); err != nil {
				return err
			}
			return Manageable(moved).Check(ctx, observer)
		},
	}
}
