package nomad

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// Periods of the probes: how often each question is asked, and so the resolution of the figures.
const (
	quorumPeriod  = 500 * time.Millisecond
	leaderPeriod  = 200 * time.Millisecond
	runningPeriod = 500 * time.Millisecond
	answerPeriod  = 200 * time.Millisecond
)

// Quorum claims that every one of the topology's Nomad servers answers, that all name the same
// leader, and that exactly they, at the addresses they have now, are its voters. Each server is
// asked for its own view (a stale read), so that the answer comes at once without a leader too.
// It is asked every 500 ms.
func Quorum(servers int) harness.Probe { return quorum{servers: servers} }

type quorum struct{ servers int }

func (q quorum) Name() string          { return fmt.Sprintf("nomad quorum of %d", q.servers) }
func (q quorum) Period() time.Duration { return quorumPeriod }

func (q quorum) Check(ctx context.Context, observer harness.Observer) error {
	nodes, err := servers(observer)
	if err != nil {
		return err
	}
	if len(nodes) != q.servers {
		return fmt.Errorf("the topology has %d Nomad servers, not %d", len(nodes), q.servers)
	}
	members, err := raft.PresentMembers(observer, nodes)
	if err != nil {
		return err
	}
	return raft.Agreement(raft.Ask(ctx, nodes, viewWithVoters(observer)), members)
}

// Leader claims that the cluster has a working leader: a majority of the servers name it, and it
// says so itself. It holds while a minority is down, and so measures the time without a leader when
// nodes are lost. It is asked every 200 ms.
func Leader() harness.Probe { return leader{} }

type leader struct{}

func (leader) Name() string          { return "nomad leader" }
func (leader) Period() time.Duration { return leaderPeriod }

func (leader) Check(ctx context.Context, observer harness.Observer) error {
	_, err := LeaderNode(ctx, observer)
	return err
}

// LeaderNode names the node whose server leads now, as [Leader] understands it. The error says what
// each server said instead.
func LeaderNode(ctx context.Context, observer harness.Observer) (string, error) {
	nodes, err := servers(observer)
	if err != nil {
		return "", err
	}
	members, err := raft.PresentMembers(observer, nodes)
	if err != nil {
		return "", err
	}
	return raft.Leader(raft.Ask(ctx, nodes, view(observer)), members)
}

// view asks a server who leads.
func view(observer harness.Observer) func(ctx context.Context, node string) (raft.View, error) {
	return func(ctx context.Context, node string) (raft.View, error) {
		client, err := dial(observer, node)
		if err != nil {
			return raft.View{}, err
		}
		var said raft.View
		// The typed call cannot ask for a stale answer.
		if _, err := client.Raw().Query("/v1/status/leader", &said.Leader, stale(ctx)); err != nil {
			return raft.View{}, err
		}
		return said, nil
	}
}

// viewWithVoters asks a server who leads and who votes.
func viewWithVoters(observer harness.Observer) func(ctx context.Context, node string) (raft.View, error) {
	return func(ctx context.Context, node string) (raft.View, error) {
		said, err := view(observer)(ctx, node)
		if err != nil {
			return raft.View{}, err
		}
		client, err := dial(observer, node)
		if err != nil {
			return raft.View{}, err
		}
		configuration, err := client.Operator().RaftGetConfiguration(stale(ctx))
		if err != nil {
			return raft.View{}, err
		}
		for _, server := range configuration.Servers {
			if server.Voter {
				said.Voters = append(said.Voters, server.Address)
			}
		}
		return said, nil
	}
}
