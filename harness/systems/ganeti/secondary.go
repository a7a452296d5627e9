package ganeti

import (
	"fmt"
	"net/netip"
	"strings"

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
	return order(s.Name(), s.Master, "gnt-node", "modify", "--secondary-ip="+s.To.String(), s.Cluster.Full(s.Node))
}

// secondaryOf finds a node in a list of secondary addresses: a line for each, its full name first.
func secondaryOf(text []byte, full string) (netip.Addr, error) {
	for line := range strings.Lines(string(text)) {
		if name, at, found := strings.Cut(strings.TrimSpace(line), " "); found && name == full {
			return netip.ParseAddr(at)
		}
	}
	return netip.Addr{}, fmt.Errorf("%s does not name %s: %q", secondaryFile, full, text)
}
