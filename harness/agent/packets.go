package agent

import (
	"context"
	"net/netip"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// Packets are those that a node sent to an address outside the lab.
type Packets struct {
	Count    int
	Examples []string // the first few different ones, such as "fd00:d1::21 > 2001:db8::1"
}

// WatchPackets starts to count the packets that leave through the node's links for an address
// outside the given prefixes. Multicast, broadcast, loopback and IPv6 link-local addresses are not
// outside; IPv4 link-local ones are, because clouds put their metadata service there, and so is whatever
// is sent to the machine that [Client.Isolate] was told of. A watch that is running is replaced.
func (c *Client) WatchPackets(ctx context.Context, lab []netip.Prefix) error {
	return c.call(ctx, "watch the packets of", protocol.PathWatchPackets, protocol.Watch{Lab: lab}, nil)
}

// Packets ends the watch and returns what it saw. It is an error when no watch was running, or when
// the kernel had to drop packets before they could be looked at: then the count proves nothing.
func (c *Client) Packets(ctx context.Context) (Packets, error) {
	var packets protocol.Packets
	err := c.call(ctx, "count the packets of", protocol.PathPackets, protocol.Nothing{}, &packets)
	return Packets(packets), err
}
