//go:build linux

package agentd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/inspect"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/cputime"
)

// traits says what the network looks like: addresses, routes, and the rules for packets.
func (a *agent) traits(context.Context, protocol.Nothing) (protocol.Traits, error) {
	before := cputime.Used()
	traits, err := a.network.traits()
	if err != nil {
		return protocol.Traits{}, err
	}
	rules, err := firewallTraits()
	if err != nil {
		return protocol.Traits{}, fmt.Errorf("read the rules for packets: %w", err)
	}
	return protocol.Traits{Traits: append(traits, rules...), CPU: cputime.Used() - before}, nil
}

// traits lists the links' addresses, the routes and the rules of which table to look into.
func (n *network) traits() ([]harness.Trait, error) {
	links, err := n.handle.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the links: %w", err)
	}
	names := map[int]string{}
	var traits []harness.Trait
	for _, link := range links {
		name := link.Attrs().Name
		names[link.Attrs().Index] = name
		if inspect.IsCable(name) {
			continue
		}
		found, err := n.addressTraits(link)
		if err != nil {
			return nil, err
		}
		traits = append(traits, found...)
	}
	routes, err := n.routeTraits(names)
	if err != nil {
		return nil, err
	}
	rules, err := n.ruleTraits()
	return slices.Concat(traits, routes, rules), err
}

// addressTraits are a link and its addresses. A link that is down has its addresses all the same.
func (n *network) addressTraits(link netlink.Link) ([]harness.Trait, error) {
	name, state := link.Attrs().Name, "down"
	if link.Attrs().Flags&net.FlagUp != 0 {
		state = "up"
	}
	traits := []harness.Trait{{
		Kind: harness.KindAddress, Key: name, Value: fmt.Sprintf("%s %s, packets up to %d bytes", link.Type(), state, link.Attrs().MTU),
	}}
	addresses, err := n.handle.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list the addresses of %s: %w", name, err)
	}
	for _, address := range addresses {
		if address.IP.IsLinkLocalUnicast() && address.IP.To4() == nil {
			continue
		}
		traits = append(traits, harness.Trait{Kind: harness.KindAddress, Key: name + " " + address.IPNet.String(), Value: "assigned"})
	}
	return traits, nil
}

// routeTraits are the routes that somebody has set, in every table. What the kernel sets follows from
// the addresses, and a pod's cable goes with the pod.
func (n *network) routeTraits(names map[int]string) ([]harness.Trait, error) {
	routes, err := n.routes(unix.RT_TABLE_UNSPEC)
	if err != nil {
		return nil, err
	}
	var traits []harness.Trait
	for _, route := range routes {
		if inspect.IsCable(names[route.LinkIndex]) || route.Flags&unix.RTM_F_CLONED != 0 || route.Table == unix.RT_TABLE_LOCAL {
			continue
		}
		destination := "default"
		if !isDefault(route) {
			destination = route.Dst.String()
		}
		key := destination
		if route.Gw != nil {
			key += " via " + route.Gw.String()
		}
		for _, hop := range route.MultiPath {
			key += fmt.Sprintf(" nexthop %s dev %s weight %d", hop.Gw, names[hop.LinkIndex], hop.Hops+1)
		}
		if name := names[route.LinkIndex]; name != "" {
			key += " dev " + name
		}
		if route.Table != unix.RT_TABLE_MAIN {
			key += fmt.Sprintf(" table %d", route.Table)
		}
		value := fmt.Sprintf("metric %d", route.Priority)
		if route.Src != nil {
			value += ", from " + route.Src.String()
		}
		if route.Type != unix.RTN_UNICAST {
			value += fmt.Sprintf(", type %d", route.Type)
		}
		traits = append(traits, harness.Trait{Kind: harness.KindRoute, Key: key, Value: value})
	}
	return traits, nil
}

// ruleTraits are the rules of which table to look into, but for the kernel's own.
func (n *network) ruleTraits() ([]harness.Trait, error) {
	var traits []harness.Trait
	for family, name := range map[int]string{netlink.FAMILY_V4: "ipv4", netlink.FAMILY_V6: "ipv6"} {
		rules, err := n.handle.RuleList(family)
		if errors.Is(err, unix.EOPNOTSUPP) {
			continue // a kernel without rules
		}
		if err != nil {
			return nil, fmt.Errorf("list the routing rules: %w", err)
		}
		for _, rule := range rules {
			if rule.Protocol == unix.RTPROT_KERNEL {
				continue
			}
			text := strings.Join(strings.Fields(rule.String()), " ")
			traits = append(traits, harness.Trait{Kind: harness.KindRoute, Key: name + " " +
				text, Value: fmt.Sprintf("table %d, mark %d, from %q", rule.Table, rule.Mark, rule.IifName)})
		}
	}
	return traits, nil
}
