package minio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/systems/role"
)

// ServerRole is the role of the nodes that run MinIO.
const ServerRole = role.MinIO

// api is where every node listens, seen from itself.
const api = "http://127.0.0.1:9000"

// A Store is what an administrator of the store's nodes has to know. Its nodes are those of role [ServerRole].
type Store struct {
	AccessKey string         // of the root user
	SecretKey harness.Secret // named alone: the topology's of that name
}

// ask sends a request to a node from its own loopback and reads the answer.
func ask(
	ctx context.Context, observer harness.Observer, node, path string, prepare func(*http.Request) *http.Request,
) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", node, err)
	}
	if prepare != nil {
		request = prepare(request)
	}
	body, err := httpapi.AskOwn(ctx, observer, node, request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", node, err)
	}
	return body, nil
}

// A view is what one node says of all.
type view struct {
	Servers []server `json:"servers"`
}

// A server is one node as another one, or itself, sees it.
type server struct {
	Endpoint string  `json:"endpoint"` // such as [fd00:d1::71]:9000
	State    string  `json:"state"`
	Drives   []drive `json:"drives"`
}

type drive struct {
	Endpoint string `json:"endpoint"` // such as http://[fd00:d1::71]:9000/srv/minio
	State    string `json:"state"`
}

// What a node says of a peer, and of a drive, that it has a connection to.
const (
	online = "online"
	good   = "ok"
)

// view asks a node how it sees all nodes.
func (s Store) view(ctx context.Context, observer harness.Observer, node string) (view, error) {
	key, err := s.SecretKey.In(observer.Topology())
	if err != nil {
		return view{}, err
	}
	nothing := sha256.Sum256(nil)
	body, err := ask(ctx, observer, node, "/minio/admin/v3/info", func(request *http.Request) *http.Request {
		request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(nothing[:]))
		return signer.SignV4(*request, s.AccessKey, key, "", "us-east-1")
	})
	if err != nil {
		return view{}, err
	}
	var seen view
	if err := json.Unmarshal(body, &seen); err != nil {
		return view{}, fmt.Errorf("%s: read the answer: %w", node, err)
	}
	return seen, nil
}

// members are the nodes of the store; having none is an error.
func members(observer harness.Observer) ([]harness.Node, error) {
	nodes := observer.Topology().Selected(ServerRole)
	if len(nodes) == 0 {
		return nil, errors.New("the topology has no node of role " + ServerRole)
	}
	return nodes, nil
}
