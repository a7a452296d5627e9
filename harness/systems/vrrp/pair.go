package vrrp

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Pair is two routers that share addresses.
type Pair struct {
	First      string       // the router that is master while it may be
	Second     string       // the one that takes over
	Shared     []netip.Addr // what the two share
	MasterFile string       // the file that lets a router be master
}

// Both are the pair's routers.
func (p Pair) Both() []string { return []string{p.First, p.Second} }

// Other is the router that the named one is paired with.
func (p Pair) Other(router string) string {
	if router == p.First {
		return p.Second
	}
	return p.First
}

// holderPeriod is how often it is asked who has a shared address. The answer costs a system call.
const holderPeriod = 50 * time.Millisecond

// Holders are one probe for each router and shared address: the router answers to it. Half of them fail in
// peace, and so are for [drill.Drill.Watch]; [Pair.CountMasters] counts with them.
func (p Pair) Holders() []harness.Probe {
	var holders []harness.Probe
	for _, address := range p.Shared {
		for _, router := range p.Both() {
			holders = append(holders, Holds(router, address))
		}
	}
	return holders
}

// Holds claims that a router answers to an address. The router's own kernel is asked, every 50 ms.
func Holds(router string, address netip.Addr) harness.Probe {
	return probe.NetworkProbe{
		Label: holderName(router, address), From: router, Every: holderPeriod,
		Ask: probe.Fixed(harness.Question{Address: &harness.AddressQuestion{Has: address}}),
	}
}

// Leaves claims that a router does not answer to an address, which is another's. It is asked every 50 ms.
func Leaves(router string, address netip.Addr) harness.Probe {
	return probe.NetworkProbe{
		Label: fmt.Sprintf("%s leaves %s alone", router, address), From: router, Every: holderPeriod,
		Ask: probe.Fixed(harness.Question{Address: &harness.AddressQuestion{Has: address, Absent: true}}),
	}
}

func holderName(router string, address netip.Addr) string {
	return fmt.Sprintf("%s has %s", router, address)
}

// Reaches claims that a node gets an answer from an address ("ping"), every 20 ms.
func Reaches(from string, address netip.Addr) harness.Probe {
	return probe.NetworkProbe{
		Label: fmt.Sprintf("%s reaches %s", from, address), From: from,
		Ask: probe.Fixed(harness.Question{Echo: &harness.EchoQuestion{At: address}}),
	}
}

// Routed claims that a node's kernel has a route to a prefix, by way of a next hop if one is given. It is
// asked every 50 ms.
func Routed(node string, to netip.Prefix, via netip.Addr) harness.Probe {
	label := fmt.Sprintf("%s has a route to %s", node, to)
	if via.IsValid() {
		label += " by way of " + via.String()
	}
	return probe.NetworkProbe{
		Label: label, From: node, Every: holderPeriod,
		Ask: probe.Fixed(harness.Question{Route: &harness.RouteQuestion{To: to, Via: via}}),
	}
}

// FindsAt claims that a client's kernel takes an address to be at a router: what ARP has told it. The hardware
// address is that of [HardwareAddress]. It is asked every 50 ms.
func FindsAt(client string, address netip.Addr, router, hardware string) harness.Probe {
	return probe.NetworkProbe{
		Label: fmt.Sprintf("%s finds %s at %s", client, address, router), From: client, Every: holderPeriod,
		Ask: probe.Fixed(harness.Question{Neighbour: &harness.NeighbourQuestion{At: address, Is: hardware}}),
	}
}

// HardwareAddress reads that of a router's interface.
func HardwareAddress(ctx context.Context, observer harness.Observer, router, card string) (string, error) {
	text, err := observer.ReadFile(ctx, router, "/sys/class/net/"+card+"/address")
	if err != nil {
		return "", fmt.Errorf("read the hardware address of %s on %s: %w", card, router, err)
	}
	return strings.TrimSpace(string(text)), nil
}
