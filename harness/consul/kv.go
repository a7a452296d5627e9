package consul

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// kvInterval is the time between two writes.
const kvInterval = 100 * time.Millisecond

// KV is a ledger of keys prefix/0, prefix/1, ... in Consul's key-value store, one every 100 ms.
// They are read back by one list that the leader confirms (consistent mode).
func KV(prefix string) harness.Ledger { return kv{prefix: prefix} }

type kv struct{ prefix string }

func (k kv) Name() string            { return "consul kv " + k.prefix }
func (k kv) Interval() time.Duration { return kvInterval }

func (k kv) Write(ctx context.Context, observer harness.Observer, entry int) error {
	nodes, err := servers(observer)
	if err != nil {
		return err
	}
	return raft.Write(ctx, nodes, entry, func(ctx context.Context, node string) error {
		client, err := dial(observer, node)
		if err != nil {
			return err
		}
		pair := &api.KVPair{Key: raft.Key(k.prefix, entry), Value: []byte(strconv.Itoa(entry))}
		_, err = client.KV().Put(pair, (&api.WriteOptions{}).WithContext(ctx))
		return err
	}, answer)
}

func (k kv) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	nodes, err := servers(observer)
	if err != nil {
		return nil, err
	}
	var entries []int
	err = raft.Read(nodes, func(node string) error {
		client, err := dial(observer, node)
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

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var response api.StatusError
	if !errors.As(err, &response) {
		return 0, "", false
	}
	return response.Code, response.Body, true
}
