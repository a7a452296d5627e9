package consul

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// Intervals of the ledgers.
const (
	kvInterval = 20 * time.Millisecond
	// fastInterval makes 250 writes a second, so that 200 are acknowledged where the machine has not got
	// the time for every one.
	fastInterval = 4 * time.Millisecond
)

// KV is a ledger of keys prefix/0, prefix/1, ... in Consul's key-value store, one every 20 ms. They are
// written to the servers in turn, over connections that are kept, and read back by one list that the
// leader confirms (consistent mode).
func KV(prefix string) harness.Ledger { return KVEvery(prefix, kvInterval) }

// FastKV is [KV] with a write every 4 ms: loss is known to a few milliseconds. It takes the servers and
// the harness most of a processor together; `make bench` says how much, and what elections make of it.
func FastKV(prefix string) harness.Ledger { return KVEvery(prefix, fastInterval) }

// KVEvery is [KV] at another rate.
func KVEvery(prefix string, interval time.Duration) harness.Ledger {
	return &kv{prefix: prefix, interval: interval, clients: raft.NewClients(dialKept)}
}

type kv struct {
	prefix   string
	interval time.Duration
	clients  *raft.Clients[*api.Client]
}

func (k *kv) Name() string            { return "consul kv " + k.prefix }
func (k *kv) Interval() time.Duration { return k.interval }

func (k *kv) Write(ctx context.Context, observer harness.Observer, entry int) error {
	nodes, err := servers(observer)
	if err != nil {
		return err
	}
	return raft.Write(ctx, nodes, entry, func(ctx context.Context, node string) error {
		client, err := k.clients.Of(observer, node)
		if err != nil {
			return err
		}
		pair := &api.KVPair{Key: raft.Key(k.prefix, entry), Value: []byte(strconv.Itoa(entry))}
		_, err = client.KV().Put(pair, (&api.WriteOptions{}).WithContext(ctx))
		return err
	}, answer)
}

func (k *kv) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	nodes, err := servers(observer)
	if err != nil {
		return nil, err
	}
	var entries []int
	err = raft.Read(nodes, func(node string) error {
		client, err := k.clients.Of(observer, node)
		if err != nil {
			return err
		}
		pairs, _, err := client.KV().List(k.prefix+"/", consistent(ctx))
		if err != nil {
			return err
		}
		entries = nil
		for _, pair := range pairs {
			// A key that lost its value is not the entry that was acknowledged.
			if entry, ok := raft.Entry(k.prefix, pair.Key); ok && string(pair.Value) == strconv.Itoa(entry) {
				entries = append(entries, entry)
			}
		}
		return nil
	})
	return entries, err
}

// dialKept makes a client of the API on one node that keeps its connections.
func dialKept(observer harness.Observer, node string) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{
		Address: httpAddress, Scheme: "http",
		HttpClient: harness.KeptHTTPClient(observer, node),
	})
	if err != nil {
		return nil, fmt.Errorf("make a client of the Consul API on %s: %w", node, err)
	}
	return client, nil
}

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var response api.StatusError
	if !errors.As(err, &response) {
		return 0, "", false
	}
	return response.Code, response.Body, true
}
