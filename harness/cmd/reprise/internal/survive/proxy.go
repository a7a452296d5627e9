package survive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
)

// An engineProxy stands in front of the engine's socket, so that the connection of a run can be cut.
type engineProxy struct {
	path     string // of its own socket
	network  string // where the engine listens
	address  string
	listener net.Listener
	running  sync.WaitGroup

	mu          sync.Mutex
	connections map[net.Conn]bool
	cut         bool
	silent      bool // while it is cut: who connects is neither refused nor answered
}

// newEngineProxy serves at a path until close is called. The engine is given as DOCKER_HOST has it.
func newEngineProxy(path, engine string) (*engineProxy, error) {
	host, err := url.Parse(engine)
	if err != nil {
		return nil, fmt.Errorf("stand in front of the engine: %w", err)
	}
	proxy := &engineProxy{path: path, network: host.Scheme, address: host.Host, connections: map[net.Conn]bool{}}
	switch host.Scheme {
	case "unix":
		proxy.address = host.Path
	case "tcp":
	default:
		return nil, usage.Errorf("the engine is at %s: only one behind a socket or TCP can be cut off", engine)
	}
	proxy.listener, err = net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("stand in front of the engine: %w", err)
	}
	proxy.running.Go(proxy.serve)
	return proxy, nil
}

// host is what DOCKER_HOST has to be for the way to the engine to lead through here.
func (p *engineProxy) host() string { return "unix://" + p.path }

func (p *engineProxy) close() error {
	err := p.listener.Close()
	p.cutOff(false)
	p.running.Wait()
	return err
}

// cutOff breaks every connection. Until restore is called nobody gets through: a silent proxy takes connections and says
// nothing, the other breaks each at once.
func (p *engineProxy) cutOff(silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.silent = true, silent
	p.breakAll()
}

// restore lets everybody through again. Who was kept waiting has to call again.
func (p *engineProxy) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breakAll()
	p.cut, p.silent = false, false
}

// breakAll closes every connection. The caller holds the lock.
func (p *engineProxy) breakAll() {
	for connection := range p.connections {
		_ = connection.Close()
	}
	clear(p.connections)
}

func (p *engineProxy) serve() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one client's trouble
		}
		p.running.Go(func() { p.handle(client) })
	}
}

// handle carries one connection until either end is done.
func (p *engineProxy) handle(client net.Conn) {
	defer client.Close()
	if !p.admit(client) {
		return
	}
	defer p.forget(client)
	if p.isCut() { // and silent
		_, _ = io.Copy(io.Discard, client)
		return
	}
	engine, err := (&net.Dialer{}).DialContext(context.Background(), p.network, p.address)
	if err != nil {
		return
	}
	defer engine.Close()
	if !p.admit(engine) {
		return
	}
	defer p.forget(engine)
	var both sync.WaitGroup
	both.Go(func() { carry(engine, client) })
	both.Go(func() { carry(client, engine) })
	both.Wait()
}

// carry copies one direction, and passes its end on: who attaches to a container may say nothing more and still listen.
func carry(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, can := to.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
		return
	}
	_ = to.Close()
}

// admit takes a connection on, unless it is to be refused.
func (p *engineProxy) admit(connection net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut && !p.silent {
		return false
	}
	p.connections[connection] = true
	return true
}

func (p *engineProxy) forget(connection net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, connection)
}

func (p *engineProxy) isCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}
