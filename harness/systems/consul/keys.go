package consul

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// mostKeys is how many operations Consul takes in one transaction.
const mostKeys = 64

// waitForPut covers an election: servers that have just been started have no leader to write through.
var waitForPut = harness.Wait{For: "Consul to take keys", Interval: 200 * time.Millisecond, Limit: time.Minute}

// PutKeys writes keys into Consul's key-value store as an operator would: in one transaction, so that nobody reads half of them,
// by way of the first server that takes it. Other keys stay as they are. It takes 1 to 64 keys, and waits for a leader for up to
// a minute.
func PutKeys(ctx context.Context, operator harness.Operator, values map[string]string) error {
	if len(values) == 0 || len(values) > mostKeys {
		return fmt.Errorf("put %d keys into Consul: one transaction has 1 to %d", len(values), mostKeys)
	}
	var operations api.TxnOps
	for _, key := range slices.Sorted(maps.Keys(values)) {
		set := &api.KVTxnOp{Verb: api.KVSet, Key: key, Value: []byte(values[key])}
		operations = append(operations, &api.TxnOp{KV: set})
	}
	var rolledBack error
	err := waitForPut.Until(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, onePut)
		defer cancel()
		// The same keys twice are the same keys: another server may be asked when one has not answered.
		return raft.API[*api.Client]{Servers: servers, Client: dial}.Read(operator, func(client *api.Client) error {
			done, response, _, err := client.Txn().Txn(operations, (&api.QueryOptions{}).WithContext(ctx))
			if err == nil && !done {
				rolledBack = refusal(response) // which waiting does not change
			}
			return harness.Plain(err)
		})
	})
	return cmp.Or(err, rolledBack)
}

// onePut is the time limit of one attempt.
const onePut = 5 * time.Second

// KeysWritten is a runbook that writes keys into Consul's key-value store, see [PutKeys].
type KeysWritten struct {
	What string // what they are, such as "the site's route"
	// Values makes keys and values when the step is carried out, such as from the addresses that nodes have by then.
	Values func(observer harness.Observer) (map[string]string, error)
}

// Name says what is written.
func (k KeysWritten) Name() string { return "consul: write " + k.What }

// Steps are its one step.
func (k KeysWritten) Steps() []harness.Step {
	return []harness.Step{{
		Name: "write " + k.What + " into Consul",
		Do: func(ctx context.Context, operator harness.Operator) error {
			values, err := k.Values(operator)
			if err != nil {
				return err
			}
			return PutKeys(ctx, operator, values)
		},
	}}
}

// refusal is why a transaction was rolled back.
func refusal(response *api.TxnResponse) error {
	if response == nil || len(response.Errors) == 0 {
		return errors.New("the transaction was rolled back")
	}
	return errors.New(response.Errors[0].What)
}
