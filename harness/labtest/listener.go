package labtest

import (
	"context"
	"net"
	"sync"
)

// A listener accepts connections that are made in memory.
type listener struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newListener() *listener {
	return &listener{arriving: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.arriving <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.arriving:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// echo answers the datagrams that come over a connection until it is closed.
func echo(connection net.Conn, answer func([]byte) []byte) {
	buffer := make([]byte, 1<<16)
	for {
		length, err := connection.Read(buffer)
		if err != nil {
			return
		}
		reply := answer(buffer[:length])
		if reply == nil {
			continue
		}
		if _, err := connection.Write(reply); err != nil {
			return
		}
	}
}
