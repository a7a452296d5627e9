package netcheck

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"
)

// open opens a connection that keeps the context's time: reads and writes end when it does.
type open func(ctx context.Context, network string, to netip.AddrPort) (io.ReadWriteCloser, error)

// opener opens connections with the dial, or on this machine's own network.
func opener(dial Dial) open {
	if dial == nil {
		return openOwn
	}
	return func(ctx context.Context, network string, to netip.AddrPort) (io.ReadWriteCloser, error) {
		connection, err := dial(ctx, network, to.String())
		if err != nil {
			return nil, err
		}
		if deadline, limited := ctx.Deadline(); limited {
			if err := connection.SetDeadline(deadline); err != nil {
				_ = connection.Close() // its deadline is what went wrong
				return nil, err
			}
		}
		ended := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
		return limited{connection, ended}, nil
	}
}

// limited is a connection whose context is watched until it is closed.
type limited struct {
	net.Conn
	release func() bool
}

func (l limited) Close() error {
	l.release()
	return l.Conn.Close()
}
