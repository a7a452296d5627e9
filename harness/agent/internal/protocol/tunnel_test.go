package protocol

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// tunnels makes both ends of a tunnel.
func tunnels(t *testing.T, network string) (near, far *Tunnel) {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return NewTunnel(a, bufio.NewReader(a), network, "", ""), NewTunnel(b, bufio.NewReader(b), network, "", "")
}

// Goal: a stream's bytes arrive complete and in order, whatever the sizes of writes and reads, and its
// announced end is io.EOF. Method: more than one frame's worth of a pattern, read in odd pieces.
func TestTunnelCarriesStreams(t *testing.T) {
	near, far := tunnels(t, "tcp")
	sent := bytes.Repeat([]byte("reprise "), 3*frameLimit/8+5)
	go func() {
		_, _ = near.Write(sent)
		_ = near.CloseWrite()
	}()
	received, err := io.ReadAll(io.MultiReader(io.LimitReader(far, 7), far))
	if err != nil || !bytes.Equal(sent, received) {
		t.Fatalf("received %d of %d bytes, equal: %t, error: %v", len(received), len(sent), bytes.Equal(sent, received), err)
	}
}

// Goal: one side can finish while the other goes on. Method: close one direction, then send an
// answer the other way.
func TestTunnelClosesOneDirection(t *testing.T) {
	near, far := tunnels(t, "tcp")
	go func() { _ = near.CloseWrite() }()
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatalf("the finished direction reads as %v, want EOF", err)
	}
	go func() { _, _ = far.Write([]byte("answer")) }()
	answer := make([]byte, 6)
	if _, err := io.ReadFull(near, answer); err != nil || string(answer) != "answer" {
		t.Fatalf("read %q, %v, want the answer", answer, err)
	}
}

// Goal: datagrams keep their borders, and one that does not fit is cut off without spoiling the next.
// Method: send three, read with a small buffer.
func TestTunnelKeepsDatagramsApart(t *testing.T) {
	near, far := tunnels(t, "udp6")
	go func() {
		for _, datagram := range []string{"one", "longer than the buffer", "three"} {
			_, _ = near.Write([]byte(datagram))
		}
	}()
	buffer := make([]byte, 6)
	for _, want := range []string{"one", "longer", "three"} {
		n, err := far.Read(buffer)
		if err != nil || string(buffer[:n]) != want {
			t.Fatalf("read %q, %v, want %q", buffer[:n], err, want)
		}
	}
}

// Goal: a stream that just ends is told from one whose end was announced. Method: close the stream
// between frames, in a header, and within a frame.
func TestTunnelTellsABrokenStream(t *testing.T) {
	for name, last := range map[string]string{"between frames": "", "in a header": "d\x00", "in a frame": "d\x00\x00\x00\x05ab"} {
		t.Run(name, func(t *testing.T) {
			a, b := net.Pipe()
			far := NewTunnel(b, bufio.NewReader(b), "tcp", "", "")
			go func() {
				_, _ = a.Write([]byte(last))
				a.Close()
			}()
			if _, err := io.ReadAll(far); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("read ends with %v, want an unexpected EOF", err)
			}
		})
	}
}

// Goal: why the connection broke at the far end is known here. Method: break it with a reset.
func TestTunnelCarriesTheCause(t *testing.T) {
	near, far := tunnels(t, "tcp")
	go func() { _ = near.Break(os.NewSyscallError("read", syscall.ECONNRESET)) }()
	_, err := io.ReadAll(far)
	if !errors.Is(err, syscall.ECONNRESET) || !strings.Contains(err.Error(), "connection reset by peer") {
		t.Fatalf("read ends with %v, want a reset", err)
	}
}

// Goal: a deadline that passes while a header is half there loses nothing. Method: send a header in
// two halves with a missed deadline in between.
func TestTunnelSurvivesADeadline(t *testing.T) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	far := NewTunnel(b, bufio.NewReader(b), "tcp", "", "")
	frame := append([]byte{frameData, 0, 0, 0, 5}, "hello"...)
	go func() { _, _ = a.Write(frame[:3]) }()
	testkit.Must(t, far.SetReadDeadline(time.Now().Add(30*time.Millisecond)))
	if _, err := far.Read(make([]byte, 5)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read ends with %v, want the deadline", err)
	}
	testkit.Must(t, far.SetReadDeadline(time.Time{}))
	go func() { _, _ = a.Write(frame[3:]) }()
	content := make([]byte, 5)
	if _, err := io.ReadFull(far, content); err != nil || string(content) != "hello" {
		t.Fatalf("read %q, %v, want hello", content, err)
	}
}

// Goal: what cannot be a frame is refused, not believed. Method: a length beyond any frame's, an
// unknown kind.
func TestTunnelRefusesNonsense(t *testing.T) {
	huge := binary.BigEndian.AppendUint32([]byte{frameData}, frameLimit+1)
	for _, nonsense := range [][]byte{huge, {'?', 0, 0, 0, 0}} {
		a, b := net.Pipe()
		far := NewTunnel(b, bufio.NewReader(b), "tcp", "", "")
		go func() { _, _ = a.Write(nonsense) }()
		if n, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("reading %q gave %d bytes and %v, want an error", nonsense, n, err)
		}
		a.Close()
	}
}
