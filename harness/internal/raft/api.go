package raft

import (
	"context"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// An API is how the servers of a product are asked, each by way of a client C of its own.
type API[C any] struct {
	// Servers are the nodes whose servers are asked; having none is an error.
	Servers func(observer harness.Observer) ([]harness.Node, error)
	// Client is one of the API on one node.
	Client func(observer harness.Observer, node string) (C, error)
	Answer Answer
}

// Write writes an entry as [Write] does.
func (a API[C]) Write(
	ctx context.Context, observer harness.Observer, entry int, put func(ctx context.Context, client C) error,
) error {
	nodes, err := a.Servers(observer)
	if err != nil {
		return err
	}
	return Write(ctx, nodes, entry, func(ctx context.Context, node string) error {
		client, err := a.Client(observer, node)
		if err != nil {
			return err
		}
		return put(ctx, client)
	}, a.Answer)
}

// Read reads by way of the first server that answers.
func (a API[C]) Read(observer harness.Observer, read func(client C) error) error {
	nodes, err := a.Servers(observer)
	if err != nil {
		return err
	}
	return Read(nodes, func(node string) error {
		client, err := a.Client(observer, node)
		if err != nil {
			return err
		}
		return read(client)
	})
}

// A Ledger writes entries through an API and lists them. It implements [harness.Ledger].
type Ledger[C any] struct {
	API   API[C]
	Label string        // its name in reports
	Every time.Duration // between two writes
	Put   func(ctx context.Context, client C, entry int) error
	List  func(ctx context.Context, client C) ([]int, error)
}

// Name is the label.
func (l Ledger[C]) Name() string { return l.Label }

// Interval is between two writes.
func (l Ledger[C]) Interval() time.Duration { return l.Every }

// Write writes an entry as [Write] does.
func (l Ledger[C]) Write(ctx context.Context, observer harness.Observer, entry int) error {
	return l.API.Write(ctx, observer, entry, func(ctx context.Context, client C) error { return l.Put(ctx, client, entry) })
}

// Entries lists by way of the first server that answers.
func (l Ledger[C]) Entries(ctx context.Context, observer harness.Observer) (entries []int, err error) {
	err = l.API.Read(observer, func(client C) error {
		entries, err = l.List(ctx, client)
		return err
	})
	return entries, err
}
