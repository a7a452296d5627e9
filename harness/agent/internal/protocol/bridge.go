package protocol

import (
	"fmt"
	"net/netip"
)

// A BridgeEnd is one of the two containers between which the trial of a network sends: its addresses in the network, which the
// engine gives it, and those of another prefix, which it takes on. IPv6 comes first.
type BridgeEnd struct{ Own, Other [2]netip.Prefix }

// The ends of the trial, in prefixes that no topology uses.
var (
	BridgeSender   = bridgeEnd(10)
	BridgeReceiver = bridgeEnd(11)
)

func bridgeEnd(host int) BridgeEnd {
	prefix := func(form string) netip.Prefix { return netip.MustParsePrefix(fmt.Sprintf(form, host)) }
	return BridgeEnd{
		Own:   [2]netip.Prefix{prefix("fd00:d0c::%d/64"), prefix("10.200.12.%d/24")},
		Other: [2]netip.Prefix{prefix("fd00:d0d::%d/64"), prefix("10.200.13.%d/24")},
	}
}

// A BridgeReport says what becomes of packets between two containers of one network when their addresses are not both of its
// prefixes: what is wrong, such as "do not arrive", or "" when they arrive as they were sent.
type BridgeReport struct {
	// Routed packets go from an address of the network to one of another prefix, as a router gets them.
	RoutedIPv6 string `json:"routed_ipv6,omitempty"`
	RoutedIPv4 string `json:"routed_ipv4,omitempty"`
	// Moved packets go from one address of another prefix to the next, as between nodes that were renumbered.
	MovedIPv6 string `json:"moved_ipv6,omitempty"`
	MovedIPv4 string `json:"moved_ipv4,omitempty"`
	// Hosts are the names in a container's /etc/hosts that nobody gave it: those of the machine that the engine runs on.
	Hosts string `json:"hosts,omitempty"`
}
