package raft

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Register has several clients of a product's API read, write and compare-and-set keys below a prefix at the same time,
// each by way of its own server. It implements [harness.Register].
type Register[C any] struct {
	Product string // in small letters
	Prefix  string
	Number  int           // of clients
	Every   time.Duration // between two operations of one client

	API API[C]
	// Client is what one server can do to a key, by way of a client of its API.
	Client func(C) RegisterClient
}

// Name names the register in reports.
func (r *Register[C]) Name() string { return r.Product + " register " + r.Prefix }

// Clients is how many there are.
func (r *Register[C]) Clients() int { return r.Number }

// Interval is between two operations of one client.
func (r *Register[C]) Interval() time.Duration { return r.Every }

// Do carries out one operation; see [Operate].
func (r *Register[C]) Do(ctx context.Context, observer harness.Observer, operation harness.Operation) (int, error) {
	nodes, err := r.API.Servers(observer)
	if err != nil {
		return 0, err
	}
	node := nodes[operation.Client%len(nodes)].Name
	client, err := r.API.Client(observer, node)
	if err != nil {
		return 0, err
	}
	return Operate(ctx, r.Client(client), node, r.Prefix, operation, r.API.Answer)
}
