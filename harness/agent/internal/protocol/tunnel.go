package protocol

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// A Tunnel is a connection made elsewhere and carried over a stream. Plain copying of bytes would
// lose three things that its frames keep: where a datagram ends, that the far end closed one
// direction only, and why it broke. It is a net.Conn that can also CloseWrite.
type Tunnel struct {
	net.Conn               // the stream: its deadlines and its Close are the tunnel's
	Network, Local, Remote string

	reader    *bufio.Reader
	remaining int   // of the frame being read
	ended     error // what every further Read returns

	writing sync.Mutex
}

// The kinds of frames. A frame is its kind, the length of its content in four bytes, its content.
const (
	frameData    = 'd' // a datagram, or a piece of a stream
	frameEnd     = 'e' // nothing more comes from this side
	frameFailure = 'f' // the connection broke; the content is a Failure
)

const (
	frameHeader = 5
	// frameLimit holds the largest datagram.
	frameLimit = 64 << 10
)

// NewTunnel makes a tunnel of a stream. The reader is what has been read from it ahead.
func NewTunnel(stream net.Conn, reader *bufio.Reader, network, local, remote string) *Tunnel {
	return &Tunnel{Conn: stream, reader: reader, Network: network, Local: local, Remote: remote}
}

// Read reads what the other side wrote: at most one datagram at a time when the tunnel carries
// datagrams. Without an end announced, the end of the stream is io.ErrUnexpectedEOF.
func (t *Tunnel) Read(p []byte) (int, error) {
	for t.remaining == 0 {
		if t.ended != nil {
			return 0, t.ended
		}
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	var n int
	var err error
	if t.datagrams() {
		n, err = t.readDatagram(p)
	} else {
		n, err = t.reader.Read(p[:min(len(p), t.remaining)])
		t.remaining -= n
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// readDatagram reads a whole datagram. What does not fit is cut off, as the kernel does.
func (t *Tunnel) readDatagram(p []byte) (int, error) {
	n, err := io.ReadFull(t.reader, p[:min(len(p), t.remaining)])
	t.remaining -= n
	if err != nil {
		return n, err
	}
	dropped, err := t.reader.Discard(t.remaining)
	t.remaining -= dropped
	return n, err
}

// next reads the header of a frame. It takes nothing from the stream until the header is complete,
// so that a deadline that passes in between loses nothing.
func (t *Tunnel) next() error {
	header, err := t.reader.Peek(frameHeader)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	kind, length := header[0], int(binary.BigEndian.Uint32(header[1:]))
	if length > frameLimit {
		return fmt.Errorf("read a frame: %d bytes are more than any frame has", length)
	}
	if _, err := t.reader.Discard(frameHeader); err != nil {
		return err
	}
	switch kind {
	case frameData:
		t.remaining = length
	case frameEnd:
		t.ended = io.EOF
	case frameFailure:
		t.ended = t.failure(length)
	default:
		return fmt.Errorf("read a frame: no frame is of kind %q", kind)
	}
	return nil
}

func (t *Tunnel) failure(length int) error {
	failure := &Failure{}
	if err := json.NewDecoder(io.LimitReader(t.reader, int64(length))).Decode(failure); err != nil {
		return fmt.Errorf("read why the connection broke: %w", err)
	}
	return &net.OpError{Op: "read", Net: t.Network, Source: t.LocalAddr(), Addr: t.RemoteAddr(), Err: failure}
}

// Write sends a datagram, or a piece of a stream.
func (t *Tunnel) Write(p []byte) (int, error) {
	if t.datagrams() {
		if len(p) > frameLimit {
			return 0, fmt.Errorf("write a datagram: %d bytes are more than %d", len(p), frameLimit)
		}
		return t.write(frameData, p)
	}
	written := 0
	for written < len(p) {
		n, err := t.write(frameData, p[written:min(len(p), written+frameLimit)])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// write sends header and content at once: each write is a frame of the multiplexer below.
func (t *Tunnel) write(kind byte, content []byte) (int, error) {
	frame := make([]byte, frameHeader, frameHeader+len(content))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(content)))
	t.writing.Lock()
	defer t.writing.Unlock()
	n, err := t.Conn.Write(append(frame, content...))
	return max(0, n-frameHeader), err
}

// CloseWrite says that nothing more will be written. Reading goes on.
func (t *Tunnel) CloseWrite() error {
	_, err := t.write(frameEnd, nil)
	return err
}

// Break says that the connection broke, and why.
func (t *Tunnel) Break(cause error) error {
	content, err := json.Marshal(NewFailure(cause))
	if err != nil {
		return err
	}
	_, err = t.write(frameFailure, content)
	return err
}

func (t *Tunnel) datagrams() bool { return strings.HasPrefix(t.Network, "udp") }

// LocalAddr is the address of the far end's connection on its node.
func (t *Tunnel) LocalAddr() net.Addr { return place{t.Network, t.Local} }

// RemoteAddr is the address that was dialed.
func (t *Tunnel) RemoteAddr() net.Addr { return place{t.Network, t.Remote} }

// A place is an address on another machine.
type place struct{ network, address string }

func (p place) Network() string { return p.network }

func (p place) String() string { return p.address }

// How a stream becomes a tunnel, or one of samples: the names in the request and its reply.
const (
	UpgradeTunnel = "reprise-tunnel"
	UpgradeAsk    = "reprise-ask"
	HeaderLocal   = "Reprise-Local"  // address of the connection on its node
	HeaderRemote  = "Reprise-Remote" // address it goes to
)
