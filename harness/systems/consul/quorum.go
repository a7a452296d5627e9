package consul

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// raftServers describes Consul's servers to the probes that all Raft clusters share. Each server is asked
// for its own view (a stale read), so that the answer comes at once without a leader too.
var raftServers = raft.Cluster{Product: "Consul", Servers: servers, Leader: knownLeader, Voters: knownVoters}

// Quorum claims that every one of the topology's Consul servers answers, that all name the same
// leader, and that exactly they, at the addresses they have now, are its voters. It is asked every
// 500 ms.
func Quorum(servers int) harness.Probe { return raftServers.Quorum(servers) }

// Leader claims that the cluster has a working leader: a majority of the servers name it, and it
// says so itself. It holds while a minority is down, and so measures the time without a leader when
// nodes are lost. It is asked every 200 ms.
func Leader() harness.Probe { return raftServers.HasLeader() }

// LeaderNode names the node whose server leads now, as [Leader] understands it. The error says what
// each server said instead.
func LeaderNode(ctx context.Context, observer harness.Observer) (string, error) {
	return raftServers.LeaderNode(ctx, observer)
}

// knownLeader asks a server who leads.
func knownLeader(ctx context.Context, observer harness.Observer, node string) (string, error) {
	client, err := dial(observer, node)
	if err != nil {
		return "", err
	}
	return client.Status().LeaderWithQueryOptions(stale(ctx))
}

// knownVoters asks a server who votes.
func knownVoters(ctx context.Context, observer harness.Observer, node string) ([]string, error) {
	client, err := dial(observer, node)
	if err != nil {
		return nil, err
	}
	configuration, err := client.Operator().RaftGetConfiguration(stale(ctx))
	if err != nil {
		return nil, err
	}
	var voters []string
	for _, server := range configuration.Servers {
		if server.Voter {
			voters = append(voters, server.Address)
		}
	}
	return voters, nil
}
