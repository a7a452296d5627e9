//go:build !linux

package netcheck

import (
	"context"
	"io"
	"net"
	"net/netip"
)

// openOwn opens a connection on this machine's network.
func openOwn(ctx context.Context, network string, to netip.AddrPort) (io.ReadWriteCloser, error) {
	return opener((&net.Dialer{KeepAlive: -1}).DialContext)(ctx, network, to)
}
