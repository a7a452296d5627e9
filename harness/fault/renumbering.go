package fault

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// Renumbering moves nodes to another prefix, all at one instant, as when a provider takes back what
// it had assigned. Every node keeps the host part of its address. Nothing else changes: not the
// configuration files, not the names, not the processes. So the lab's lines of /etc/hosts are stale from then on,
// see [harness.Topology.HostLines].
type Renumbering struct {
	Role     string       // every node of this role; "" means every node that runs a system and is not outside (harness.Node)
	Node     string       // one node only; Role is then not looked at
	Into     netip.Prefix // the new IPv6 prefix; the zero prefix leaves IPv6 alone
	IntoIPv4 netip.Prefix // the new IPv4 prefix; the zero prefix leaves IPv4 alone
}

// Describe says who moves where.
func (r Renumbering) Describe() string {
	who := "every node"
	switch {
	case r.Node != "":
		who = r.Node
	case r.Role != "":
		who = "every " + r.Role
	}
	var into []string
	for _, prefix := range []netip.Prefix{r.Into, r.IntoIPv4} {
		if prefix.IsValid() {
			into = append(into, prefix.String())
		}
	}
	return fmt.Sprintf("renumbering of %s into %s", who, strings.Join(into, " and "))
}

// Inject moves the nodes.
func (r Renumbering) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	moves, err := r.plan(lab)
	if err != nil {
		return nil, fmt.Errorf("plan the %s: %w", r.Describe(), err)
	}
	return inject(ctx, lab, moves)
}

func (r Renumbering) plan(lab harness.Lab) ([]move, error) {
	nodes := lab.Topology().Selected(r.Role)
	if r.Role == "" {
		nodes = slices.DeleteFunc(nodes, func(node harness.Node) bool { return node.Outside })
	}
	if r.Node != "" {
		node, ok := lab.Topology().Node(r.Node)
		if !ok {
			return nil, lab.Topology().UnknownNode(r.Node)
		}
		nodes = []harness.Node{node}
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("the topology has no node with the role %q", r.Role)
	}
	if !r.Into.IsValid() && !r.IntoIPv4.IsValid() {
		return nil, errors.New("no new prefix is given")
	}
	var moves []move
	for _, node := range nodes {
		now, err := lab.Addresses(node.Name)
		if err != nil {
			return nil, err
		}
		planned := move{node: node.Name}
		for _, change := range []struct {
			address netip.Addr
			into    netip.Prefix
		}{{now.IPv6, r.Into}, {now.IPv4, r.IntoIPv4}} {
			if !change.into.IsValid() {
				continue
			}
			from := netip.PrefixFrom(change.address, change.into.Bits())
			to, err := rebase(change.address, change.into)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", node.Name, err)
			}
			planned.from, planned.to = append(planned.from, from), append(planned.to, to)
		}
		moves = append(moves, planned)
	}
	return moves, nil
}

// rebase replaces the network part of an address by that of a prefix.
func rebase(address netip.Addr, into netip.Prefix) (netip.Prefix, error) {
	if address.BitLen() != into.Addr().BitLen() {
		return netip.Prefix{}, fmt.Errorf("%s and %s are not of one family", address, into)
	}
	host, network := address.AsSlice(), into.Masked().Addr().AsSlice()
	for bit := range into.Bits() {
		mask := byte(1 << (7 - bit%8))
		host[bit/8] = host[bit/8]&^mask | network[bit/8]&mask
	}
	moved, _ := netip.AddrFromSlice(host)
	if moved == address {
		return netip.Prefix{}, fmt.Errorf("%s is in %s already: nothing would change", address, into)
	}
	return netip.PrefixFrom(moved, into.Bits()), nil
}
