package raft

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/reprise-dr/reprise/harness"
)

// ErrMismatch is what a compare-and-set answers that found another value.
var ErrMismatch = errors.New("the key holds another value")

// A RegisterClient is what one server can do to a key. Values are unique and are never written again,
// so that an index stands for one value and only that.
type RegisterClient interface {
	// Look finds a key's value and the index of its last change; "" and 0 when it is not there.
	Look(ctx context.Context, key string) (value string, index uint64, err error)
	// Confirm makes sure that what Look found was there at some moment since it was asked. ErrMismatch
	// says that something else is there now. Where Look is linearizable by itself it does nothing.
	Confirm(ctx context.Context, key, value string, index uint64) error
	// Write writes whatever is there.
	Write(ctx context.Context, key, value string) error
	// CompareAndSet writes when the index still is the key's; else it is an ErrMismatch.
	CompareAndSet(ctx context.Context, key, value string, index uint64) error
}

// confirmations is how often a read that met a write is tried: with a few clients on a few keys the second
// attempt nearly always succeeds.
const confirmations = 3

// Operate carries out one operation on a key below the prefix by way of one server and no other: a
// client whose server is gone is turned away, because what the servers say is what is compared. It returns
// the value that a read found. What was certainly not applied, and a compare-and-set that found another
// value, is an ErrRefused; so is a read that failed, since a read applies nothing.
func Operate(
	ctx context.Context, client RegisterClient, node, prefix string, operation harness.Operation, answer Answer,
) (int, error) {
	key := Key(prefix, operation.Key)
	switch operation.Kind {
	case harness.OperationRead:
		found, err := read(ctx, client, key)
		return found, refuse(node, err)
	case harness.OperationWrite:
		return 0, once(ctx, node, answer, func(ctx context.Context) error {
			return client.Write(ctx, key, strconv.Itoa(operation.Value))
		})
	case harness.OperationCompareAndSet:
		found, index, err := look(ctx, client, key)
		if err == nil && found != operation.Expected {
			err = fmt.Errorf("%w: %d", ErrMismatch, found)
		}
		if err != nil {
			return 0, refuse(node, err) // nothing has been written
		}
		return 0, once(ctx, node, answer, func(ctx context.Context) error {
			return client.CompareAndSet(ctx, key, strconv.Itoa(operation.Value), index)
		})
	}
	return 0, refuse(node, fmt.Errorf("there is no operation of kind %q", operation.Kind))
}

// read finds a value that was there at some moment since the call.
func read(ctx context.Context, client RegisterClient, key string) (int, error) {
	for attempt := 1; ; attempt++ {
		found, index, err := look(ctx, client, key)
		if err != nil {
			return 0, err
		}
		text := ""
		if found != 0 {
			text = strconv.Itoa(found)
		}
		err = client.Confirm(ctx, key, text, index)
		if err == nil {
			return found, nil
		}
		if attempt == confirmations || !errors.Is(err, ErrMismatch) {
			return 0, fmt.Errorf("confirm that %s held %q: %w", key, text, err)
		}
	}
}

// look finds a value and its index; 0 stands for a key that is not there.
func look(ctx context.Context, client RegisterClient, key string) (value int, index uint64, err error) {
	text, index, err := client.Look(ctx, key)
	if err != nil || text == "" {
		return 0, index, err
	}
	if value, err = strconv.Atoi(text); err != nil {
		return 0, 0, fmt.Errorf("read %s: it holds %q, which no client has written", key, text)
	}
	return value, index, nil
}

// refuse makes an ErrRefused of an error.
func refuse(node string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w", harness.ErrRefused, node, harness.Plain(err))
}

// once sends one write to one server. Its errors are those of [Write].
func once(ctx context.Context, node string, answer Answer, write func(ctx context.Context) error) error {
	traced, unsent := harness.Unsent(ctx)
	err := write(traced)
	if err == nil {
		return nil
	}
	status, body, answered := answer(err)
	if unsent() || answered && Refuses(status, body) || errors.Is(err, ErrMismatch) {
		return refuse(node, err)
	}
	return fmt.Errorf("%s: %w", node, harness.Plain(err))
}
