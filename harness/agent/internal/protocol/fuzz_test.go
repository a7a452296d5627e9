package protocol

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Goal: whatever comes over a tunnel, reading it ends with bytes or an error. Method: frames of every kind, changed at random,
// read as a stream and as datagrams.
func FuzzTunnel(f *testing.F) {
	f.Add([]byte("d\x00\x00\x00\x03abce\x00\x00\x00\x00"))
	f.Add([]byte("f\x00\x00\x00\x12{\"text\":\"refused\"}"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		for _, network := range []string{"tcp", "udp"} {
			near, far := net.Pipe()
			_ = far.Close()
			tunnel := NewTunnel(near, bufio.NewReader(bytes.NewReader(sent)), network, "", "")
			read, err := io.Copy(io.Discard, tunnel)
			if read > int64(len(sent)) {
				t.Errorf("%d bytes came out of %d, %v", read, len(sent), err)
			}
			_ = near.Close()
		}
	})
}

// Goal: whatever an agent or a supervisor is sent, it answers. Method: requests with bodies of every kind, changed at random.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"addresses":["fd00:1::7/64"],"routes":[{"to":"10.9.0.0/24","via":"10.1.0.1"}]}`))
	f.Add([]byte(`{"check":{"tcp":{"at":"10.1.0.1:80"}},"schedule":{"Period":1}}`))
	configure := Handle(func(context.Context, Configuration) (Nothing, error) { return Nothing{}, nil })
	check := Handle(func(_ context.Context, asked CheckRequest) (Nothing, error) { return Nothing{}, asked.Check.Validate() })
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, handler := range []http.Handler{configure, check} {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)))
			if answer.Code == 0 {
				t.Error("it did not answer")
			}
		}
	})
}
