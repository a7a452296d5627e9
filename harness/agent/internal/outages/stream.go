//go:build linux

package outages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// headerLimit is how long a client may take to ask.
const headerLimit = 5 * time.Second

// body is what a site that is up says.
const body = "up\n"

// A door is a server of connections that can be shut.
type door struct {
	ctx     context.Context
	address string // with the port that was given at the first time
	way     way
	serve   func(net.Listener)
	away    atomic.Bool // the server is to answer that it cannot
	running sync.WaitGroup

	listener *net.TCPListener
}

// startHTTP serves every path.
func startHTTP(ctx context.Context, address string, way way) (*door, error) {
	d := &door{ctx: ctx, address: address, way: way}
	server := &http.Server{ReadHeaderTimeout: headerLimit, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if d.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, body) // the only failure is a client who has gone
	})}
	server.SetKeepAlivesEnabled(false)
	d.serve = func(listener net.Listener) { _ = server.Serve(listener) } // it ends when the listener is closed
	return d, d.listen()
}

// startTCP accepts connections and ends them.
func startTCP(ctx context.Context, address string, way way) (*door, error) {
	d := &door{ctx: ctx, address: address, way: way}
	d.serve = func(listener net.Listener) {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed
			}
			_ = connection.Close()
		}
	}
	return d, d.listen()
}

func (d *door) listen() error {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // its sockets take no filter
	listener, err := config.Listen(d.ctx, "tcp", d.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return errors.Join(fmt.Errorf("listen: %T is no TCP listener", listener), listener.Close())
	}
	d.listener, d.address = tcp, listener.Addr().String()
	d.running.Go(func() { d.serve(listener) })
	return nil
}

func (d *door) cut(notYet) error {
	switch d.way {
	case byRefusal:
		return d.listener.Close()
	case bySilence:
		return silence(d.listener, true)
	default:
		d.away.Store(true)
		return nil
	}
}

func (d *door) restore(notYet) error {
	switch d.way {
	case byRefusal:
		return d.listen()
	case bySilence:
		return silence(d.listener, false)
	default:
		d.away.Store(false)
		return nil
	}
}

func (d *door) close() error {
	err := d.listener.Close()
	d.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // it was cut off
	}
	return err
}
