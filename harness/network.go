package harness

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Addresses are what one node answers to.
type Addresses struct {
	IPv6 netip.Addr `json:"ipv6,omitzero"`
	IPv4 netip.Addr `json:"ipv4,omitzero"`
}

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
// gateway has 1 and the observer 240. A network without one of the prefixes has no such address, and a number that a prefix has
// no room for panics.
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

// An Attachment is a further network that a node has a foot in, besides its own: a router has one for
// each network that it joins to the others. See harness/adr/0009-nodes-in-several-networks.md.
type Attachment struct {
	Network string // its name in the topology
	// what the node calls its interface there, such as "lan1"; "" keeps the engine's name, which is not the same after every
	// start
	Interface string
	IPv6      netip.Addr
	IPv4      netip.Addr
}

// A Route is one that a node is given besides those to its own networks. It survives a boot.
type Route struct {
	To  netip.Prefix // a network of the topology: nothing leads out of it
	Via netip.Addr   // the next hop, in a network of the node
}

// Network finds a network by its name. The empty name is the first one.
func (t Topology) Network(name string) (Network, bool) {
	for _, network := range t.Networks {
		if network.Name == name || name == "" {
			return network, true
		}
	}
	return Network{}, false
}

// Attachments are all networks that the node has a foot in, its own first.
func (n Node) Attachments() []Attachment {
	own := Attachment{Network: n.Network, Interface: n.Interface, IPv6: n.IPv6, IPv4: n.IPv4}
	return append([]Attachment{own}, n.Further...)
}

// AllAddresses are those that the node was given, in all its networks.
func (n Node) AllAddresses() []netip.Addr {
	var addresses []netip.Addr
	for _, attachment := range n.Attachments() {
		addresses = append(addresses, attachment.IPv6, attachment.IPv4)
	}
	return addresses
}

// validateAttachments checks the networks that a node is in, and its routes.
func (t Topology) validateAttachments(node Node) error {
	networks, interfaces := map[string]bool{}, map[string]bool{}
	for _, attachment := range node.Attachments() {
		network, known := t.Network(attachment.Network)
		switch {
		case !known:
			return fmt.Errorf("node %s is in the network %q, which the topology does not have", node.Name, attachment.Network)
		case networks[network.Name]:
			return fmt.Errorf("node %s is in the network %s twice", node.Name, network.Name)
		case attachment.Interface != "" && !isInterfaceName(attachment.Interface):
			return fmt.Errorf("node %s has the interface %q: a name has at most %d characters, and no space or slash", node.Name,
				attachment.Interface, maxInterfaceName)
		case attachment.Interface != "" && interfaces[attachment.Interface]:
			return fmt.Errorf("node %s has two interfaces named %s", node.Name, attachment.Interface)
		}
		networks[network.Name], interfaces[attachment.Interface] = true, true
	}
	if node.Outside && len(node.Further) > 0 {
		return fmt.Errorf("node %s is outside and in %d networks: who is elsewhere on the internet is in one", node.Name,
			len(node.Further)+1)
	}
	for _, route := range node.Routes {
		if err := t.validateRoute(node, route); err != nil {
			return err
		}
	}
	return nil
}

// validateRoute keeps a lab without a way out: a route leads to a network of the topology.
func (t Topology) validateRoute(node Node, route Route) error {
	inside, reachable := false, false
	for _, network := range t.Networks {
		for _, prefix := range []netip.Prefix{network.IPv6, network.IPv4} {
			inside = inside || route.To.IsValid() && prefix.Contains(route.To.Addr()) && prefix.Bits() <= route.To.Bits()
		}
	}
	for _, attachment := range node.Attachments() {
		network, _ := t.Network(attachment.Network)
		reachable = reachable || network.IPv6.Contains(route.Via) || network.IPv4.Contains(route.Via)
	}
	switch {
	case !inside:
		return fmt.Errorf("node %s has a route to %q, which is in no network of the topology: nothing may lead out of a lab",
			node.Name, spell(route.To))
	case !reachable:
		return fmt.Errorf("node %s has a route by way of %s, which is in no network of the node", node.Name, route.Via)
	case route.To.Addr().Is4() != route.Via.Is4():
		return fmt.Errorf("node %s has a route to %s by way of %s: they are not of one family", node.Name, route.To, route.Via)
	}
	return nil
}

// maxInterfaceName is the kernel's limit of the length of an interface's name.
const maxInterfaceName = 15

func isInterfaceName(name string) bool {
	return len(name) <= maxInterfaceName && name == filepath.Base(name) && name != "." && name != ".." &&
		name != "lo" && !strings.ContainsAny(name, " \t\n:")
}

// HostsFile is where a node's system looks a name up first.
const HostsFile = "/etc/hosts"

// A HostLine is one line of a node's [HostsFile].
type HostLine struct {
	Address netip.Addr
	Name    string // of a node
}

// HostLines are what a lab puts into a node's [HostsFile]: every node's name with its addresses in the topology, IPv6 first. Of
// another node they are the addresses in a network that both are in, else those in its own. Nothing keeps them true: a
// fault that changes addresses leaves them as they are, and a runbook may rewrite them. There are none for who is no node of the
// topology, such as the observer, and none where System.Files or System.SeedFiles has that file: it stays what the topology says.
func (t Topology) HostLines(node string) []HostLine {
	reader, known := t.Node(node)
	if !known || reader.System.hasFile(HostsFile) {
		return nil
	}
	var lines []HostLine
	for _, named := range t.Nodes {
		feet := named.Attachments()
		if named.Name != node {
			feet = []Attachment{t.nearest(reader, named)}
		}
		for _, foot := range feet {
			lines = append(lines, HostLine{foot.IPv6, named.Name}, HostLine{foot.IPv4, named.Name})
		}
	}
	return lines
}

// nearest is another node's foot in a network that the reader is in as well, else its first.
func (t Topology) nearest(reader, named Node) Attachment {
	feet := named.Attachments()
	for _, foot := range feet {
		if network, known := t.Network(foot.Network); known && t.attached(reader, network) {
			return foot
		}
	}
	return feet[0]
}

// hasFile tells whether the topology gives the system a file at a path.
func (s System) hasFile(path string) bool {
	return slices.ContainsFunc(slices.Concat(s.Files, s.SeedFiles), func(file File) bool { return file.Path == path })
}
