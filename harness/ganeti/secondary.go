package ganeti

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// secondaryFile is where every node keeps the others' secondary addresses.
const secondaryFile = "/var/lib/ganeti/ssconf_node_secondary_ips"

// SecondaryAddress tells the cluster that a node has another secondary address, for which, unlike for the primary one
// ([NodeAddress]), Ganeti has a command. It is refused while the node does not have that address, or while instances
// run whose disks are replicated from or to it.
type SecondaryAddress struct {
	Cluster Cluster
	Master  string
	Node    string
	To      netip.Addr
}

// Name says which node, and where it is.
func (s SecondaryAddress) Name() string {
	return fmt.Sprintf("tell the cluster that the secondary address of %s is %s", s.Node, s.To)
}

// Steps run the command.
func (s SecondaryAddress) Steps() []harness.Step {
	return []harness.Step{command(s.Name(), s.Master, "gnt-node", "modify", "--secondary-ip="+s.To.String(), s.Cluster.Full(s.Node))}
}

// SecondaryDaemon claims that a node's daemon takes connections at the secondary address that the master has for it,
// once a second and from the master: the network of those addresses is the nodes' own.
func SecondaryDaemon(cluster Cluster, master, node string) harness.Probe {
	return secondaryDaemon{cluster, master, node}
}

type secondaryDaemon struct {
	cluster      Cluster
	master, node string
}

func (s secondaryDaemon) Name() string {
	return "the daemon of " + s.node + " answers at its secondary address"
}
func (secondaryDaemon) Period() time.Duration { return daemonPeriod }
func (s secondaryDaemon) Check(ctx context.Context, observer harness.Observer) error {
	text, err := observer.ReadFile(ctx, s.master, secondaryFile)
	if err != nil {
		return err
	}
	at, err := secondaryOf(string(text), s.cluster.Full(s.node))
	if err != nil {
		return err
	}
	question := daemonAt(s.Name(), at)
	question.From = s.master
	return question.Check(ctx, observer)
}

// secondaryOf finds a node in a list of secondary addresses: a line for each, its full name first.
func secondaryOf(text, full string) (netip.Addr, error) {
	for line := range strings.Lines(text) {
		if name, at, found := strings.Cut(strings.TrimSpace(line), " "); found && name == full {
			return netip.ParseAddr(at)
		}
	}
	return netip.Addr{}, fmt.Errorf("%s does not name %s: %q", secondaryFile, full, text)
}
