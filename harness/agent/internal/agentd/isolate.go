//go:build linux

package agentd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// ownTables begins the names of the agent's own tables: those of faults, and the one that keeps packets from the machine that the
// engine runs on. All outlive a boot.
const ownTables = "reprise-"

// isolationTable is what keeps a node's frames from the machine that the engine runs on.
const isolationTable = ownTables + "isolation"

// nowhere is a link-layer address, locally administered, that nobody has. What is sent there passes the watch for packets, and
// no bridge hands it to its own machine.
var nowhere = net.HardwareAddr{0x06, 'n', 'o', 'o', 'n', 'e'}

// waitForGateway is for an answer to a neighbour solicitation. The kernel itself gives up after 3 s.
var waitForGateway = harness.Wait{
	For: "the engine's machine to say its link-layer address", Interval: 2 * time.Millisecond, Limit: 5 * time.Second,
}

// isolate sends what the node has for the engine's machine to nobody, whatever its IP address: that of the gateway, a link-local
// one, one beyond a default route that somebody has put back.
func (a *agent) isolate(ctx context.Context, isolation protocol.Isolation) (protocol.Isolated, error) {
	problem, err := a.network.isolate(ctx, isolation.Gateways)
	return protocol.Isolated{Problem: problem}, err
}

// isolate returns why the machine stays within reach; "" when it does not.
func (n *network) isolate(ctx context.Context, gateways []netip.Addr) (problem string, err error) {
	var hosts []netlink.Neigh
	for _, gateway := range gateways {
		host, err := n.resolve(ctx, gateway)
		if err != nil {
			return err.Error(), nil //nolint:nilerr // it is the problem
		}
		hosts = append(hosts, host)
	}
	n.mu.Lock()
	for _, host := range hosts {
		n.hosts = append(n.hosts, host.HardwareAddr)
	}
	n.mu.Unlock()
	connection, err := nftables.New()
	if err != nil {
		return "", err
	}
	table := connection.AddTable(&nftables.Table{Family: nftables.TableFamilyNetdev, Name: isolationTable})
	for _, host := range hosts {
		link, err := n.handle.LinkByIndex(host.LinkIndex)
		if err != nil {
			return "", fmt.Errorf("find the interface to %s: %w", host.IP, err)
		}
		chain := connection.AddChain(&nftables.Chain{
			Table: table, Name: fmt.Sprint("link-", host.LinkIndex), Type: nftables.ChainTypeFilter, Device: link.Attrs().Name,
			Hooknum: nftables.ChainHookEgress, Priority: nftables.ChainPriorityFilter,
		})
		connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: divert(host.HardwareAddr)})
	}
	if err := connection.Flush(); err != nil {
		return fmt.Sprintf("the kernel has no filter for what an interface sends (Linux has one since 5.16): %v", err), nil
	}
	return "", nil
}

// divert gives frames for one link-layer address to nobody.
func divert(from net.HardwareAddr) []expr.Any {
	destination := expr.Payload{DestRegister: 1, Base: expr.PayloadBaseLLHeader, Offset: 0, Len: uint32(len(from))}
	written := destination
	written.OperationType, written.DestRegister, written.SourceRegister = expr.PayloadWrite, 0, 1
	return []expr.Any{
		&destination,
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: from},
		&expr.Immediate{Register: 1, Data: nowhere},
		&written,
	}
}

// resolve asks who has an address, as the kernel does before it sends there.
func (n *network) resolve(ctx context.Context, address netip.Addr) (netlink.Neigh, error) {
	routes, err := n.handle.RouteGet(address.AsSlice())
	if err != nil || len(routes) == 0 {
		return netlink.Neigh{}, fmt.Errorf("find the way to %s: %w", address, errors.Join(err, ctx.Err()))
	}
	link := routes[0].LinkIndex
	socket, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, discardPort)))
	if err != nil {
		return netlink.Neigh{}, fmt.Errorf("ask for %s: %w", address, err)
	}
	defer func() { _ = socket.Close() }() // what it has sent is on its way
	var found netlink.Neigh
	err = waitForGateway.Until(ctx, func(context.Context) error {
		if _, err := socket.Write([]byte{0}); err != nil && !errors.Is(err, unix.EHOSTUNREACH) {
			return fmt.Errorf("send to %s: %w", address, err)
		}
		neighbours, err := n.handle.NeighList(link, netlink.FAMILY_ALL)
		if err != nil {
			return fmt.Errorf("list the neighbours: %w", err)
		}
		at := slices.IndexFunc(neighbours, func(neighbour netlink.Neigh) bool {
			return neighbour.IP.Equal(address.AsSlice()) && len(neighbour.HardwareAddr) == len(nowhere)
		})
		if at < 0 {
			return fmt.Errorf("%s has not answered", address)
		}
		found = neighbours[at]
		return nil
	})
	return found, err
}

// discardPort is that of RFC 863.
const discardPort = 9

// isHost tells whether a link-layer address is that of the engine's machine, or what frames for it are diverted to.
func (n *network) isHost(address net.HardwareAddr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return bytes.Equal(address, nowhere) ||
		slices.ContainsFunc(n.hosts, func(host net.HardwareAddr) bool { return bytes.Equal(address, host) })
}

// isOwn tells whether a table is the agent's: what it does is in the network around the node, and outlives a boot.
func isOwn(table *nftables.Table) bool { return strings.HasPrefix(table.Name, ownTables) }
