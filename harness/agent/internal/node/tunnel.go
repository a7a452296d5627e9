//go:build linux

package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// tunnelBuffer holds the largest datagram.
const tunnelBuffer = 64 << 10

// serveTunnel connects to where the caller wants, and carries bytes both ways until both sides have
// finished or the caller has gone.
func serveTunnel(w http.ResponseWriter, r *http.Request) {
	network, address := r.URL.Query().Get("network"), r.URL.Query().Get("address")
	var dialer net.Dialer
	far, err := dialer.DialContext(r.Context(), network, address)
	if err != nil {
		protocol.Refuse(w, err)
		return
	}
	defer far.Close()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		protocol.Refuse(w, errors.New("the stream cannot become a tunnel"))
		return
	}
	stream, buffered, err := hijacker.Hijack()
	if err != nil {
		protocol.Refuse(w, err)
		return
	}
	defer stream.Close()
	_, err = fmt.Fprintf(stream, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n%s: %s\r\n%s: %s\r\n\r\n",
		protocol.UpgradeTunnel, protocol.HeaderLocal, far.LocalAddr(), protocol.HeaderRemote, far.RemoteAddr())
	if err != nil {
		return
	}
	carry(protocol.NewTunnel(stream, buffered.Reader, network, "", ""), far)
}

// carry copies both ways.
func carry(tunnel *protocol.Tunnel, far net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := copyAll(tunnel, far); err != nil {
			_ = tunnel.Break(err) // a caller who has gone does not ask why
			return
		}
		_ = tunnel.CloseWrite()
	}()
	_, err := copyAll(far, tunnel)
	half, canHalf := far.(interface{ CloseWrite() error })
	if err == nil && canHalf && half.CloseWrite() == nil {
		<-done // the caller may still read for long
	}
	// Otherwise the caller has gone, or the connection broke: nobody wants the rest.
	_ = far.Close()
	<-done
}

// copyAll copies with a buffer that no datagram exceeds, and without the shortcuts that would use a smaller one.
func copyAll(to io.Writer, from io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, tunnelBuffer))
}
