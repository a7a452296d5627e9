package probe

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// kernelPeriod is how often a node's kernel is asked what it knows. The answer costs a system call.
const kernelPeriod = 50 * time.Millisecond

// Holds claims that a node answers to an address. The node's own kernel is asked, every 50 ms.
func Holds(node string, address netip.Addr) harness.Probe {
	return known(node, fmt.Sprintf("%s has %s", node, address),
		harness.Check{Address: &harness.AddressCheck{Has: address}})
}

// Leaves claims that a node does not answer to an address, which is another's. It is asked every 50 ms.
func Leaves(node string, address netip.Addr) harness.Probe {
	return known(node, fmt.Sprintf("%s leaves %s alone", node, address),
		harness.Check{Address: &harness.AddressCheck{Has: address, Absent: true}})
}

// Routed claims that a node's kernel has a route to a prefix, by way of a next hop if one is given. It is asked every 50 ms.
func Routed(node string, to netip.Prefix, via netip.Addr) harness.Probe {
	label := fmt.Sprintf("%s has a route to %s", node, to)
	if via.IsValid() {
		label += " by way of " + via.String()
	}
	return known(node, label, harness.Check{Route: &harness.RouteCheck{To: to, Via: via}})
}

// FindsAt claims that a client's kernel takes an address to be at another node: what ARP has told it. The hardware address
// is that of [HardwareAddress]. It is asked every 50 ms.
func FindsAt(client string, address netip.Addr, node, hardware string) harness.Probe {
	return known(client, fmt.Sprintf("%s finds %s at %s", client, address, node),
		harness.Check{Neighbour: &harness.NeighbourCheck{At: address, Is: hardware}})
}

// known is a claim about what a node's kernel knows.
func known(node, label string, question harness.Check) harness.Probe {
	return NetworkProbe{Label: label, From: node, Every: kernelPeriod, Checks: Fixed(question)}
}

// Reaches claims that a node gets an answer from an address ("ping"), every 20 ms.
func Reaches(node string, address netip.Addr) harness.Probe {
	return NetworkProbe{
		Label: fmt.Sprintf("%s reaches %s", node, address), From: node,
		Checks: Fixed(harness.Check{Ping: &harness.PingCheck{At: address}}),
	}
}

// HardwareAddress reads that of a node's interface.
func HardwareAddress(ctx context.Context, observer harness.Observer, node, card string) (string, error) {
	text, err := observer.ReadFile(ctx, node, "/sys/class/net/"+card+"/address")
	if err != nil {
		return "", fmt.Errorf("read the hardware address of %s on %s: %w", card, node, err)
	}
	return strings.TrimSpace(string(text)), nil
}
