package garage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// ServerRole is the role of the nodes that run Garage.
const ServerRole = role.Garage

// administration is where every node can be asked, seen from itself; program is the command on it.
const (
	administration = "http://127.0.0.1:3903"
	program        = "/garage"
)

// A Store is what an administrator of the store's nodes has to know. Its nodes are those of role [ServerRole].
type Store struct {
	Token harness.Secret // admin_token in the nodes' configuration; named alone: the topology's of that name
}

// ask sends a question to a node from its own loopback and reads the answer; the zero token is not sent.
func ask(ctx context.Context, observer harness.Observer, node, path string, secret harness.Secret) ([]byte, error) {
	token, err := secret.In(observer.Topology())
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, administration+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", node, err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	body, err := httpapi.AskOwn(ctx, observer, node, request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", node, err)
	}
	return body, nil
}

// health is what a node says of the whole store.
type health struct {
	Status          string `json:"status"` // "healthy" when every partition has all of its nodes
	ConnectedNodes  int    `json:"connectedNodes"`
	Partitions      int    `json:"partitions"`
	PartitionsAllOK int    `json:"partitionsAllOk"`
}

func (s Store) health(ctx context.Context, observer harness.Observer, node string) (health, error) {
	body, err := ask(ctx, observer, node, "/v1/health", s.Token)
	if err != nil {
		return health{}, err
	}
	var said health
	if err := json.Unmarshal(body, &said); err != nil {
		return health{}, fmt.Errorf("%s: read the answer: %w", node, err)
	}
	return said, nil
}

// members are the nodes of the store; having none is an error.
func members(observer harness.Observer) ([]harness.Node, error) {
	nodes := observer.Topology().Selected(ServerRole)
	if len(nodes) == 0 {
		return nil, errors.New("the topology has no node of role " + ServerRole)
	}
	return nodes, nil
}
