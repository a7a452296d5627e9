//go:build linux

package agentd

import (
	"bufio"
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
	stream, reader, err := upgrade(w, protocol.UpgradeTunnel, map[string]string{
		protocol.HeaderLocal: far.LocalAddr().String(), protocol.HeaderRemote: far.RemoteAddr().String(),
	})
	if err != nil {
		return
	}
	defer stream.Close()
	carry(protocol.NewTunnel(stream, reader, network, "", ""), far)
}

// upgrade takes the stream of a request over, and says so. On an error the request is answered, or
// its caller has gone.
func upgrade(w http.ResponseWriter, to string, headers map[string]string) (net.Conn, *bufio.Reader, error) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		err := fmt.Errorf("the stream cannot become a %s", to)
		protocol.Refuse(w, err)
		return nil, nil, err
	}
	stream, buffered, err := hijacker.Hijack()
	if err != nil {
		protocol.Refuse(w, err)
		return nil, nil, err
	}
	reply := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + to + "\r\n"
	for name, value := range headers {
		reply += name + ": " + value + "\r\n"
	}
	if _, err := io.WriteString(stream, reply+"\r\n"); err != nil {
		_ = stream.Close() // the caller has gone
		return nil, nil, err
	}
	return stream, buffered.Reader, nil
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
