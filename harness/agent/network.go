package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A Configuration is how a node's network is set up. The zero Configuration takes away the ways out
// and nothing else.
type Configuration struct {
	// Addresses are added to the node's first interface, with their prefix lengths. Those it has stay.
	Addresses []netip.Prefix
	// Hosts replaces /etc/hosts; nil leaves what the engine has written.
	Hosts []byte
	// ResolvConf replaces /etc/resolv.conf. Nil empties it: a node of a lab has no name server unless it is told one.
	ResolvConf []byte
	// Interfaces are the node's, its first one first: each is found by an address that it has, and given its
	// name. Nil leaves order and names to the engine, with which neither is the same after every start.
	Interfaces []Interface
	// Routes are added to those that the node has, and come back with a boot.
	Routes []Route
	// KeepNames leaves /etc/resolv.conf as it is: what is added later is not to take away a name server that a system was given.
	KeepNames bool
}

// An Interface names the interface that has an address; the name "" keeps the one it has.
type Interface = protocol.Interface

// A Route is one that a node is given.
type Route = protocol.Route

// Configure removes the default routes of both families and sets up what the configuration says.
// Calling it again adds to what was configured before.
func (c *Client) Configure(ctx context.Context, configuration Configuration) error {
	return c.call(ctx, "configure", protocol.PathConfigure, protocol.Configuration(configuration), nil)
}

// Isolate puts the machine that the engine runs on out of the node's reach, for good. The gateways are addresses of that machine,
// one in each of the node's networks; it is known by its link-layer addresses then, so that whatever the node sends there reaches
// nobody, for whichever IP address it is: a default route that is put back leads nowhere. The problem says why the machine
// stays within reach, where the kernel is too old or no gateway answers; "" means that it does not. Broadcasts and multicasts
// reach everybody on the link, and who has the capability NET_ADMIN on the node can undo it: it holds against a product, not
// against an attacker.
func (c *Client) Isolate(ctx context.Context, gateways ...netip.Addr) (problem string, err error) {
	var isolated protocol.Isolated
	err = c.call(ctx, "isolate", protocol.PathIsolate, protocol.Isolation{Gateways: gateways}, &isolated)
	return isolated.Problem, err
}

// Addresses are what the node answers to now. Of several addresses of a family, those count that the
// node was given (by the engine, Configure or a Readdress) before those its system has taken on, such
// as a virtual router's; the zero address says that there is none.
func (c *Client) Addresses(ctx context.Context) (harness.Addresses, error) {
	var addresses harness.Addresses
	err := c.call(ctx, "read the addresses of", protocol.PathAddresses, protocol.Nothing{}, &addresses)
	return addresses, err
}

// tunnelBuffer holds the largest datagram.
const tunnelBuffer = 64 << 10

// Dial opens a connection from inside the node's network namespace. Network is "tcp", "tcp4",
// "tcp6", "udp", "udp4", "udp6" or "unix". The errors that say why there is no connection
// (syscall.ECONNREFUSED, EHOSTUNREACH, ...) are told apart by errors.Is as if they had happened
// here. The connection can be closed in one direction (CloseWrite).
func (c *Client) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	query := url.Values{"network": {network}, "address": {address}}
	request, err := http.NewRequest(http.MethodGet, protocol.URL(protocol.PathDial)+"?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("dial %s from %s: %w", address, c.node, err)
	}
	stream, err := c.upgrade(ctx, request, protocol.UpgradeTunnel, tunnelBuffer)
	if err == nil && !stream.release() {
		err = errors.Join(ctx.Err(), stream.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("dial %s from %s: %w", address, c.node, err)
	}
	local, remote := stream.header.Get(protocol.HeaderLocal), stream.header.Get(protocol.HeaderRemote)
	return protocol.NewTunnel(stream.Conn, stream.reader, network, local, remote), nil
}
