package raft

import (
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

// Clients are the API clients of one ledger or register, one for each node, made when they are first
// needed: making one for every write would cost more than the write. The zero value cannot be used; see
// [NewClients].
type Clients[C any] struct {
	dial func(observer harness.Observer, node string) (C, error)

	mutex    sync.Mutex
	observer harness.Observer // whom the clients reach their nodes through
	clients  map[string]C
}

// NewClients says how a client of the API on one node is made.
func NewClients[C any](dial func(observer harness.Observer, node string) (C, error)) *Clients[C] {
	return &Clients[C]{dial: dial}
}

// Of is the client of a node. Those of another observer, an earlier drill's, are forgotten.
func (c *Clients[C]) Of(observer harness.Observer, node string) (C, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.clients == nil || c.observer != observer {
		c.observer, c.clients = observer, map[string]C{}
	}
	client, made := c.clients[node]
	if made {
		return client, nil
	}
	client, err := c.dial(observer, node)
	if err == nil {
		c.clients[node] = client
	}
	return client, err
}
