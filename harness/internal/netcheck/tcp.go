package netcheck

import (
	"context"
	"net/netip"

	"github.com/reprise-dr/reprise/harness"
)

// tcp connects and says nothing.
type tcp struct {
	stateless
	open open
	at   netip.AddrPort
}

func newTCP(check harness.TCPCheck, open open) *tcp {
	return &tcp{open: open, at: check.At}
}

func (t *tcp) ask(ctx context.Context) error {
	connection, err := t.open(ctx, "tcp", t.at)
	if err != nil {
		return plain(ctx, err, errNoConnection)
	}
	_ = connection.Close() // nothing was written that could be lost
	return nil
}
