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
	return raft.Ledger[*api.Client]{
		API: keptAPI(), Label: "consul kv " + prefix, Every: interval,
		Put: func(ctx context.Context, client *api.Client, entry int) error {
			pair := &api.KVPair{Key: raft.Key(prefix, entry), Value: []byte(strconv.Itoa(entry))}
			_, err := client.KV().Put(pair, (&api.WriteOptions{}).WithContext(ctx))
			return err
		},
		List: func(ctx context.Context, client *api.Client) ([]int, error) {
			pairs, _, err := client.KV().List(prefix+"/", consistent(ctx))
			if err != nil {
				return nil, err
			}
			var entries []int
			for _, pair := range pairs {
				// A key that lost its value is not the entry that was acknowledged.
				if entry, ok := raft.Entry(prefix, pair.Key); ok && string(pair.Value) == strconv.Itoa(entry) {
					entries = append(entries, entry)
				}
			}
			return entries, nil
		},
	}
}

// answer is a raft.Answer.
func answer(err error) (status int, body string, answered bool) {
	var response api.StatusError
	if !errors.As(err, &response) {
		return 0, "", false
	}
	return response.Code, response.Body, true
}
