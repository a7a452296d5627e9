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
// ([Session.NodeAddress]), Ganeti has a command. It is refused while the node does not have that address, or while instances
// run whose disks are replicated from or to it.
func (s Session) SecondaryAddress(node string, to netip.Addr) harness.Runbook {
	return s.order(fmt.Sprintf("tell the cluster that the secondary address of %s is %s", node, to),
		"gnt-node", "modify", "--secondary-ip="+to.String(), s.Cluster.Full(node))
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
