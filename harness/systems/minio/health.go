package minio

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// How often a node is asked of its quorums, and all nodes of each other: an answer costs them a question to every drive.
const (
	quorumPeriod = 500 * time.Millisecond
	wholePeriod  = time.Second
)

// Readable claims that a node says it reaches enough drives to read any object (/minio/health/cluster/read). It is the node's own
// word, asked every 500 ms: what a client gets is s3.Answers' business.
func Readable(node string) harness.Probe {
	return health(node+" has a quorum of reads", node, "/minio/health/cluster/read")
}

// Writable claims that a node says it reaches enough drives to write an object (/minio/health/cluster), like [Readable].
func Writable(node string) harness.Probe {
	return health(node+" has a quorum of writes", node, "/minio/health/cluster")
}

func health(label, node, path string) harness.Probe {
	return probe.Func{
		Label: label, Every: quorumPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			_, err := ask(ctx, observer, node, path, nil)
			return err
		},
	}
}

// Whole claims that every node of the store sees every node, at the addresses that they have now, and finds its drive good. It is
// asked every second.
func (s Store) Whole() harness.Probe {
	return probe.Func{Label: "minio whole", Every: wholePeriod, Ask: s.whole}
}

// waitForWhole is bounded by the context of who waits for it. Seen: 2 to 8 s after the start of all nodes.
var waitForWhole = harness.Wait{For: "the store to be whole", Interval: 200 * time.Millisecond}

// oneLook is the limit of one look at all nodes.
const oneLook = 5 * time.Second

// WaitWhole waits until what [Store.Whole] claims is so, which the nodes take some seconds for when they have been started. The
// context ends it, and the end of a node's system does.
func (s Store) WaitWhole(ctx context.Context, observer harness.Observer) error {
	nodes, err := members(observer)
	if err != nil {
		return err
	}
	var names []string
	for _, node := range nodes {
		names = append(names, node.Name)
	}
	return waitForWhole.WhileAlive(observer, names...).Until(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, oneLook)
		defer cancel()
		return s.whole(ctx, observer)
	})
}

// whole asks all nodes at the same time, since one that reaches nobody takes its time to answer.
func (s Store) whole(ctx context.Context, observer harness.Observer) error {
	nodes, err := members(observer)
	if err != nil {
		return err
	}
	present := map[string]netip.Addr{}
	for _, node := range nodes {
		now, err := observer.Addresses(node.Name)
		if err != nil {
			return fmt.Errorf("look up the addresses of %s: %w", node.Name, err)
		}
		present[node.Name] = now.IPv6
	}
	asking, ctx := errgroup.WithContext(ctx)
	for _, node := range nodes {
		asking.Go(func() error {
			seen, err := s.view(ctx, observer, node.Name)
			if err != nil {
				return err
			}
			for _, other := range nodes {
				if err := seen.has(present[other.Name]); err != nil {
					return fmt.Errorf("%s sees %s %w", node.Name, other.Name, err)
				}
			}
			return nil
		})
	}
	return asking.Wait()
}

// has finds a node at an address, with a good drive. The error completes a sentence.
func (v view) has(address netip.Addr) error {
	at := slices.IndexFunc(v.Servers, func(server server) bool {
		endpoint, err := netip.ParseAddrPort(server.Endpoint)
		return err == nil && endpoint.Addr() == address
	})
	switch {
	case at < 0:
		return fmt.Errorf("nowhere: it knows nobody at %s", address)
	case v.Servers[at].State != online:
		return fmt.Errorf("%s at %s", v.Servers[at].State, address)
	}
	for _, drive := range v.Servers[at].Drives {
		if drive.State != good {
			return fmt.Errorf("with a drive that is %s", drive.State)
		}
	}
	if len(v.Servers[at].Drives) == 0 {
		return fmt.Errorf("without a drive")
	}
	return nil
}
