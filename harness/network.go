package harness

import (
	"fmt"
	"net/netip"
	"strconv"
)

// NewNetwork is a network with prefixes chosen by a number from 0 to 255: fd00:210:7::/64 and 10.210.7.0/24 for 7. The networks
// of one topology need different numbers; other topologies may have the same, for an engine has the labs of one run at a time.
// Another number panics.
func NewNetwork(name string, number int) Network {
	if number < 0 || number > 255 {
		panic(fmt.Sprintf("network %s has the number %d: it is from 0 to 255", name, number))
	}
	return Network{
		Name: name,
		IPv6: netip.MustParsePrefix(fmt.Sprintf("fd00:210:%d::/64", number)),
		IPv4: netip.MustParsePrefix(fmt.Sprintf("10.210.%d.0/24", number)),
	}
}

// Host is the addresses that end in a number as people read it: host 11 of the network 7 is fd00:210:7::11 and 10.210.7.11. The
// gateway has 1 and the observer 240. A network without one of the prefixes has no such address, and a number that a prefix has no
// room for panics.
func (n Network) Host(number int) Addresses {
	return Addresses{IPv6: n.host(n.IPv6, number, 16), IPv4: n.host(n.IPv4, number, 10)}
}

// host makes the address in a prefix that ends in a number whose digits are read in the base.
func (n Network) host(prefix netip.Prefix, number, base int) netip.Addr {
	if !prefix.IsValid() {
		return netip.Addr{}
	}
	raw := prefix.Masked().Addr().AsSlice()
	ending, err := strconv.ParseUint(strconv.Itoa(number), base, 16)
	if room := len(raw)*8 - prefix.Bits(); err != nil || ending>>min(room, 16) > 0 {
		panic(fmt.Sprintf("network %s has no host %d in %s: choose another number", n.Name, number, prefix))
	}
	raw[len(raw)-2] |= byte(ending >> 8)
	raw[len(raw)-1] |= byte(ending)
	address, _ := netip.AddrFromSlice(raw)
	return address
}

// Node is a node in the network, at the addresses of [Network.Host].
func (n Network) Node(name, role string, host int, system System) Node {
	at := n.Host(host)
	return Node{Name: name, Role: role, Network: n.Name, IPv6: at.IPv6, IPv4: at.IPv4, System: system}
}
