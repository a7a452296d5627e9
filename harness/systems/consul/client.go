package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// ServerRole is the role of the nodes that run a Consul server.
const ServerRole = role.ConsulServer

// httpAddress is where every agent's API listens, seen from its own node.
const httpAddress = "127.0.0.1:8500"

// Clients of the API on one node, with a connection for each question or with those that are kept. Nothing is sent yet.
var dial, dialKept = dialBy(harness.HTTPClient), dialBy(harness.KeptHTTPClient)

func dialBy(connections func(harness.Observer, string) *http.Client) func(harness.Observer, string) (*api.Client, error) {
	return func(observer harness.Observer, node string) (*api.Client, error) {
		client, err := api.NewClient(&api.Config{Address: httpAddress, Scheme: "http", HttpClient: connections(observer, node)})
		if err != nil {
			return nil, fmt.Errorf("make a client of the Consul API on %s: %w", node, err)
		}
		return client, nil
	}
}

// keptAPI asks the servers by clients that keep their connections.
func keptAPI() raft.API[*api.Client] {
	return raft.API[*api.Client]{Servers: servers, Client: raft.NewClients(dialKept).Of, Answer: answer}
}

// stale asks the server itself, which answers at once, leader or not.
func stale(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{AllowStale: true}).WithContext(ctx)
}

// consistent has the leader make sure that it still leads before it answers.
func consistent(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{RequireConsistent: true}).WithContext(ctx)
}

// servers are the nodes of the servers; having none is an error.
func servers(observer harness.Observer) ([]harness.Node, error) {
	nodes := observer.Topology().Selected(ServerRole)
	if len(nodes) == 0 {
		return nil, errors.New("the topology has no node of role " + ServerRole)
	}
	return nodes, nil
}
