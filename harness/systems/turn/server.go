package turn

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/pion/logging"
	"github.com/pion/turn/v4"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// ServerRole is the role of the nodes that run a TURN server.
const ServerRole = role.Relay

// loopback is where an operator who is logged in on the node reaches the server.
var loopback = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), defaultPort)

// defaultPort is the one that TURN and STUN are registered for.
const defaultPort = 3478

// A Server is a TURN server, and a user whom it gives relays to.
type Server struct {
	Node     string         // required
	Port     uint16         // of TCP and UDP; 0 means 3478
	User     string         // one with a long-term credential
	Password harness.Secret // named alone: the topology's of that name
	// From is the node that clients and those who call them are at; "" means [harness.VantageObserver]. In a drill that moves the
	// server it should be one that is outside: coturn gives its UDP socket up, and with it every later client, when it cannot send
	// to one of the clients it has, as to an observer at an address of a prefix that is gone.
	From string
}

// from is where clients are.
func (s Server) from() string { return cmp.Or(s.From, harness.VantageObserver) }

// at is where the server is now.
func (s Server) at(observer harness.Observer) (netip.AddrPort, error) {
	now, err := observer.Addresses(s.Node)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("look up the addresses of %s: %w", s.Node, err)
	}
	return netip.AddrPortFrom(now.IPv4, cmp.Or(s.Port, defaultPort)), nil
}

// A session is a client of the server for as long as one question takes. It ends with the context: what waits for an answer
// then returns.
type session struct {
	*turn.Client
	end func()
}

// join opens a client of the server over UDP.
func (s Server) join(ctx context.Context, observer harness.Observer) (session, error) {
	at, err := s.at(observer)
	if err != nil {
		return session{}, err
	}
	password, err := s.Password.In(observer.Topology())
	if err != nil {
		return session{}, err
	}
	connection, err := observer.Dial(ctx, s.from(), "udp4", at.String())
	if err != nil {
		return session{}, err
	}
	return s.over(ctx, datagrams{Conn: connection, far: net.UDPAddrFromAddrPort(at)}, at, password)
}

// over is a client over a connection, which it closes in the end. Who asks for no relay needs no password.
func (s Server) over(
	ctx context.Context, connection net.PacketConn, at netip.AddrPort, password string,
) (session, error) {
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: at.String(), TURNServerAddr: at.String(),
		Username: s.User, Password: password,
		Conn: connection, LoggerFactory: silent,
	})
	if err == nil {
		err = client.Listen()
	}
	if err != nil {
		_ = connection.Close()
		return session{}, fmt.Errorf("make a client of %s: %w", s.Node, err)
	}
	closeBoth := func() {
		client.Close()
		_ = connection.Close() // nothing can be lost by it
	}
	stop := context.AfterFunc(ctx, closeBoth)
	return session{client, func() {
		stop()
		closeBoth()
	}}, nil
}

// silent keeps what the library would log to itself: its errors say the same.
var silent = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}

// datagrams is a connected socket on another machine in the shape that the library wants: one that could send to anybody, and
// is only ever asked to send to the server.
type datagrams struct {
	net.Conn
	far net.Addr
}

func (d datagrams) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := d.Read(p)
	return n, d.far, err
}

func (d datagrams) WriteTo(p []byte, _ net.Addr) (int, error) { return d.Write(p) }

// ended prefers the end of the context, which closed the connection, over the error that caused.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
