package turn

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/turn/v4"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var server = Server{Node: "turn-1", User: "reprise", Password: harness.Secret{Value: "secret"}}

// A machine is the node of a real TURN server, the library's own, that listens on this machine's loopback.
type machine struct {
	*labtest.Lab
	port netip.AddrPort // that the server has got
}

// running starts a server that announces an address for its relays, which are all at 127.0.0.1. A runbook finds its
// configuration.
func running(t *testing.T, announced string) *machine {
	t.Helper()
	node := &machine{Lab: labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name: server.Node, Role: ServerRole,
		IPv6: netip.MustParseAddr("fd00:d1::61"), IPv4: netip.MustParseAddr("10.201.1.61"),
		System: harness.System{
			Image: harness.Image{Name: "coturn"},
			Files: []harness.File{{Path: "/etc/turnserver.conf", Data: []byte("external-ip=10.201.1.61\n")}},
		},
	}}})}
	t.Cleanup(node.Close)
	socket, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	labtest.Expect(t, err, "")
	node.port = netip.MustParseAddrPort(socket.LocalAddr().String())
	stream, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", node.port.String())
	labtest.Expect(t, err, "")
	relays := &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(announced), Address: "127.0.0.1"}
	serving, err := turn.NewServer(turn.ServerConfig{
		Realm: "relay.reprise.test", LoggerFactory: silent,
		AuthHandler: func(user, realm string, _ net.Addr) ([]byte, bool) {
			return turn.GenerateAuthKey(user, realm, server.Password.Value), user == server.User
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: socket, RelayAddressGenerator: relays}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: stream, RelayAddressGenerator: relays}},
	})
	labtest.Expect(t, err, "")
	t.Cleanup(func() { _ = serving.Close() })
	node.Serve(harness.VantageObserver, "10.201.1.61:3478", labtest.Says(200, "")) // for who only wants to connect
	return node
}

// Dial connects to the server where it listens really, and to its relays.
func (m *machine) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	switch address {
	case "10.201.1.61:3478":
		if network != "udp4" {
			return m.Lab.Dial(ctx, from, network, address)
		}
		address = m.port.String()
	case loopback.String():
		address = m.port.String()
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
