package raft

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// Periods of the probes: how often each question is asked, and so the resolution of the figures.
const (
	quorumPeriod = 500 * time.Millisecond
	leaderPeriod = 200 * time.Millisecond
)

// A Cluster is what the probes of every product with Raft need to know of it.
type Cluster struct {
	Product string // as in "Nomad"
	// Servers are the nodes of the servers; having none is an error.
	Servers func(observer harness.Observer) ([]harness.Node, error)
	// Leader asks the server on a node who leads, in its own view; "" when it knows none.
	Leader func(ctx context.Context, observer harness.Observer, node string) (string, error)
	// Voters asks the server on a node for the Raft addresses of the voters, in its own view.
	Voters func(ctx context.Context, observer harness.Observer, node string) ([]string, error)
}

// Quorum claims that the topology has so many servers, that each answers, and that they are in
// [Agreement]. It is asked every 500 ms.
func (c Cluster) Quorum(servers int) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("%s quorum of %d", strings.ToLower(c.Product), servers), Every: quorumPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error { return c.agree(ctx, observer, servers) },
	}
}

func (c Cluster) agree(ctx context.Context, observer harness.Observer, servers int) error {
	nodes, members, err := c.members(observer)
	if err != nil {
		return err
	}
	if len(nodes) != servers {
		return fmt.Errorf("the topology has %d %s servers, not %d", len(nodes), c.Product, servers)
	}
	views := Ask(ctx, nodes, func(ctx context.Context, node string) (View, error) {
		leader, err := c.Leader(ctx, observer, node)
		if err != nil {
			return View{}, err
		}
		voters, err := c.Voters(ctx, observer, node)
		return View{Leader: leader, Voters: voters}, err
	})
	return Agreement(views, members)
}

// HasLeader claims that the cluster has a working leader, as [Leader] understands it. It is asked
// every 200 ms.
func (c Cluster) HasLeader() harness.Probe {
	return probe.Func{
		Label: strings.ToLower(c.Product) + " leader", Every: leaderPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			_, err := c.LeaderNode(ctx, observer)
			return err
		},
	}
}

// LeaderNode names the node whose server leads now, as [Leader] understands it. The error says what
// each server said instead.
func (c Cluster) LeaderNode(ctx context.Context, observer harness.Observer) (string, error) {
	nodes, members, err := c.members(observer)
	if err != nil {
		return "", err
	}
	return Leader(Ask(ctx, nodes, func(ctx context.Context, node string) (View, error) {
		said, err := c.Leader(ctx, observer, node)
		return View{Leader: said}, err
	}), members)
}

func (c Cluster) members(observer harness.Observer) ([]harness.Node, Members, error) {
	nodes, err := c.Servers(observer)
	if err != nil {
		return nil, nil, err
	}
	members, err := PresentMembers(observer, nodes)
	return nodes, members, err
}
