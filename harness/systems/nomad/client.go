package nomad

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// Roles of the nodes that run Nomad.
const (
	ServerRole = role.NomadServer
	ClientRole = role.NomadClient
)

// httpAddress is where every agent's API listens, seen from its own node.
const httpAddress = "127.0.0.1:4646"

// Clients of the API on one node, with a connection for each question or with those that are kept. Nothing is sent yet.
var dial, dialKept = dialBy(harness.HTTPClient), dialBy(harness.KeptHTTPClient)

func dialBy(connections func(harness.Observer, string) *http.Client) func(harness.Observer, string) (*api.Client, error) {
	return func(observer harness.Observer, node string) (*api.Client, error) {
		client, err := api.NewClient(&api.Config{Address: "http://" + httpAddress, HttpClient: connections(observer, node)})
		if err != nil {
			return nil, fmt.Errorf("make a client of the Nomad API on %s: %w", node, err)
		}
		return client, nil
	}
}

// freshAPI asks the servers with a connection for each question.
var freshAPI = raft.API[*api.Client]{Servers: servers, Client: dial, Answer: answer}

// stale asks the server itself, which answers at once. Without it a server that knows no leader
// holds the question for 5 s.
func stale(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{AllowStale: true}).WithContext(ctx)
}

// fromLeader has the question answered by the leader, so that the answer cannot be an old one.
func fromLeader(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{}).WithContext(ctx)
}

// servers are the nodes of the servers; having none is an error.
func servers(observer harness.Observer) ([]harness.Node, error) {
	nodes := observer.Topology().Selected(ServerRole)
	if len(nodes) == 0 {
		return nil, errors.New("the topology has no node of role " + ServerRole)
	}
	return nodes, nil
}

// askAny puts the same read to all servers at once, see [probe.FirstOf].
func askAny(ctx context.Context, observer harness.Observer, ask func(ctx context.Context, client *api.Client) error) error {
	nodes, err := servers(observer)
	if err != nil {
		return err
	}
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = node.Name
	}
	_, err = probe.FirstOf(ctx, names, func(ctx context.Context, node string) (struct{}, error) {
		client, err := dial(observer, node)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, ask(ctx, client)
	})
	return err
}
