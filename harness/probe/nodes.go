package probe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// NodesWhere are those of the nodes, in their order, of which a claim holds. All are asked at once.
func NodesWhere(ctx context.Context, nodes []string, holds func(ctx context.Context, node string) bool) []string {
	var group sync.WaitGroup
	held := make([]bool, len(nodes))
	for i, node := range nodes {
		group.Go(func() { held[i] = holds(ctx, node) })
	}
	group.Wait()
	var found []string
	for i, node := range nodes {
		if held[i] {
			found = append(found, node)
		}
	}
	return found
}

// FirstOf puts the same question to all nodes at once and is content with the first answer, like a client that knows them
// all, without its waits. The others' questions are ended. When nobody answers, its error holds every node's.
func FirstOf[T any](ctx context.Context, nodes []string, ask func(ctx context.Context, node string) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		at     int
		answer T
		err    error
	}
	outcomes := make(chan outcome, len(nodes))
	for at, node := range nodes {
		go func() {
			answer, err := ask(ctx, node)
			outcomes <- outcome{at, answer, err}
		}()
	}
	errs := make([]error, len(nodes))
	for range nodes {
		given := <-outcomes
		if given.err == nil {
			return given.answer, nil
		}
		errs[given.at] = fmt.Errorf("%s: %w", nodes[given.at], harness.Plain(given.err))
	}
	var none T
	return none, harness.JoinErrors(errs...)
}

// InTurn asks nodes one after the other until one answers, as a resolver with several name servers does, and gives each an
// equal part of the time that is left. When nobody answers, its error holds every node's.
func InTurn(ctx context.Context, nodes []harness.Node, ask func(ctx context.Context, node harness.Node) error) error {
	var errs []error
	for i, node := range nodes {
		turn, cancel := share(ctx, len(nodes)-i)
		err := ask(turn, node)
		cancel()
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", node.Name, harness.Plain(err)))
	}
	return harness.JoinErrors(errs...)
}

// share is a context with one part in n of the time that ctx has left.
func share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(n))
}
