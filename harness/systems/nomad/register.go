package nomad

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/raft"
)

// A register's clients and the time between two operations of one of them: 20 operations a second in
// all. Nomad encrypts every write and commits every read (see [Register]).
const (
	registerClients  = 4
	registerInterval = 200 * time.Millisecond
)

// registerItem is the item of a variable that holds the value.
const registerItem = "value"

// Register is a set of Nomad variables path/0, path/1, ... that four clients read, write and
// compare-and-set at the same time, each every 200 ms by way of its own server. Servers have variables
// from Nomad 1.4 on.
//
// Nomad has no linearizable read. A read that is not stale is answered by the server that takes itself
// for the leader without asking the others, and Nomad warns that a leader which has just been deposed may
// answer with an old value. To hold that against Nomad would be a false positive, so a read of this register
// is confirmed: it replaces what it found by the same (or removes what it did not find) on the condition
// that nothing has changed, and the Raft log decides. What is checked is then what Nomad promises: that
// acknowledged writes stay, in one order, and that a compare-and-set by index (cas=ModifyIndex) replaces
// what it expects and nothing else. That plain reads may be old is not checked.
func Register(path string) harness.Register {
	return &raft.Register[*api.Client]{
		Product: "nomad", Prefix: path, Number: registerClients, Every: registerInterval,
		API:    raft.API[*api.Client]{Servers: servers, Client: raft.NewClients(dialKept).Of, Answer: answer},
		Client: func(client *api.Client) raft.RegisterClient { return registerClient{client.Variables()} },
	}
}

// A registerClient is a raft.RegisterClient.
type registerClient struct{ variables *api.Variables }

func (r registerClient) Look(ctx context.Context, path string) (string, uint64, error) {
	variable, _, err := r.variables.Peek(path, fromLeader(ctx))
	if err != nil || variable == nil {
		return "", 0, err
	}
	return variable.Items[registerItem], variable.ModifyIndex, nil
}

// Confirm writes what is there, or removes what is not, if it has not changed. When its own outcome is
// unknown that does no harm: it changes no value whenever it happens.
func (r registerClient) Confirm(ctx context.Context, path, value string, index uint64) error {
	if index == 0 {
		_, err := r.variables.CheckedDelete(path, 0, (&api.WriteOptions{}).WithContext(ctx))
		return mismatch(err)
	}
	return r.CompareAndSet(ctx, path, value, index)
}

func (r registerClient) Write(ctx context.Context, path, value string) error {
	_, _, err := r.variables.Update(holding(path, value, 0), (&api.WriteOptions{}).WithContext(ctx))
	return err
}

func (r registerClient) CompareAndSet(ctx context.Context, path, value string, index uint64) error {
	_, _, err := r.variables.CheckedUpdate(holding(path, value, index), (&api.WriteOptions{}).WithContext(ctx))
	return mismatch(err)
}

func holding(path, value string, index uint64) *api.Variable {
	return &api.Variable{Path: path, Items: api.VariableItems{registerItem: value}, ModifyIndex: index}
}

// mismatch names a conflict as all registers do.
func mismatch(err error) error {
	if _, ok := errors.AsType[api.ErrCASConflict](err); ok {
		return raft.ErrMismatch
	}
	return err
}
