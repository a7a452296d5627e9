package consul

import (
	"context"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// A register's clients and the time between two operations of one of them: 40 operations a second in
// all, enough for clients to meet on a key several times a second, few enough to cost nothing.
const (
	registerClients  = 4
	registerInterval = 100 * time.Millisecond
)

// Register is a set of keys prefix/0, prefix/1, ... in Consul's key-value store that four clients read,
// write and compare-and-set at the same time, each every 100 ms by way of its own server.
//
// Reads are in consistent mode: the leader makes sure that it still leads, and a new one waits until it
// has applied what its predecessors committed. Consul promises that such reads and all writes are
// linearizable, and that is what is checked. A compare-and-set replaces the value that it expects by the
// index that the key had with it (cas=ModifyIndex).
func Register(prefix string) harness.Register {
	return &raft.Register[*api.Client]{
		Product: "consul", Prefix: prefix, Number: registerClients, Every: registerInterval,
		API: keptAPI(), Client: func(client *api.Client) raft.RegisterClient { return registerClient{client.KV()} },
	}
}

// A registerClient is a raft.RegisterClient.
type registerClient struct{ kv *api.KV }

func (r registerClient) Look(ctx context.Context, key string) (string, uint64, error) {
	pair, _, err := r.kv.Get(key, consistent(ctx))
	if err != nil || pair == nil {
		return "", 0, err
	}
	return string(pair.Value), pair.ModifyIndex, nil
}

// Confirm has nothing to do: consistent mode is linearizable.
func (r registerClient) Confirm(context.Context, string, string, uint64) error { return nil }

func (r registerClient) Write(ctx context.Context, key, value string) error {
	_, err := r.kv.Put(&api.KVPair{Key: key, Value: []byte(value)}, (&api.WriteOptions{}).WithContext(ctx))
	return err
}

func (r registerClient) CompareAndSet(ctx context.Context, key, value string, index uint64) error {
	pair := &api.KVPair{Key: key, Value: []byte(value), ModifyIndex: index}
	replaced, _, err := r.kv.CAS(pair, (&api.WriteOptions{}).WithContext(ctx))
	if err == nil && !replaced {
		err = raft.ErrMismatch
	}
	return err
}
