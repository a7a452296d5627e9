package labtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// The limits of a contract.
const (
	// partLimit bounds one thing that a part does where everything is there: a reboot, an election.
	partLimit = 2 * time.Minute
	// endLimit is when the context ends of what nobody answers, and lateness how much later a part may return. That allows for a
	// machine that is busy.
	endLimit = 300 * time.Millisecond
	lateness = 5 * time.Second
)

// The waits of a contract.
var (
	waitForSame    = harness.Wait{For: "two fingerprints that are the same", Interval: 200 * time.Millisecond, Limit: time.Minute}
	waitForNoDrift = harness.Wait{For: "the nodes to be what they were", Interval: 200 * time.Millisecond, Limit: time.Minute}
)

// sentence says what keeps a text from being one line of a report; nil when nothing does.
func sentence(what, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%s is empty", what)
	case strings.Contains(text, "\n"):
		return fmt.Errorf("%s is not one line: %q", what, text)
	}
	return nil
}

// errLate marks a part that went on after its context had ended.
var errLate = fmt.Errorf("it still goes on %v after its context has ended", lateness)

// within calls a part with a context that ends after the limit. One that goes on in spite of that is left behind, and one that
// panics has an error.
func within[T any](ctx context.Context, limit time.Duration, call func(ctx context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	returned := make(chan outcome, 1)
	go func() {
		var got outcome
		defer func() {
			if reason := recover(); reason != nil {
				got.err = fmt.Errorf("it panicked: %v", reason)
			}
			returned <- got
		}()
		got.value, got.err = call(ctx)
	}()
	timer := time.NewTimer(limit + lateness)
	defer timer.Stop()
	select {
	case got := <-returned:
		return got.value, got.err
	case <-timer.C:
		var none T
		return none, errLate
	}
}

// doneWithin is [within] of what has an error only.
func doneWithin(ctx context.Context, limit time.Duration, call func(ctx context.Context) error) error {
	_, err := within(ctx, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// fingerprints takes those of every node that runs a system, when two in a row are the same.
func fingerprints(ctx context.Context, machines harness.Observer, paths []string) (map[string]harness.Fingerprint, error) {
	var taken map[string]harness.Fingerprint
	err := waitForSame.Until(ctx, func(ctx context.Context) error {
		before := taken
		var err error
		if taken, err = look(ctx, machines, paths); err != nil {
			return err
		}
		if before == nil {
			before = taken
			if taken, err = look(ctx, machines, paths); err != nil {
				return err
			}
		}
		return unplanned(before, taken, nil)
	})
	return taken, err
}

// look takes the fingerprints of every node that runs a system, all at once.
func look(ctx context.Context, machines harness.Observer, paths []string) (map[string]harness.Fingerprint, error) {
	nodes := machines.Topology().Selected("")
	taken, errs := make([]harness.Fingerprint, len(nodes)), make([]error, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() { taken[i], errs[i] = machines.Fingerprint(ctx, node.Name, paths...) })
	}
	group.Wait()
	byName := map[string]harness.Fingerprint{}
	for i, node := range nodes {
		byName[node.Name] = taken[i]
	}
	return byName, harness.JoinErrors(errs...)
}

// shownDifferences is how many differences an error names.
const shownDifferences = 3

// unplanned says how nodes differ, but for what is planned.
func unplanned(before, after map[string]harness.Fingerprint, planned []drift.Planned) error {
	var texts []string
	for node := range before {
		_, unexplained := drift.Explain(drift.Compare(before[node], after[node]), planned)
		for _, difference := range unexplained {
			texts = append(texts, node+": "+difference.String())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	slices.Sort(texts)
	shown := strings.Join(texts[:min(shownDifferences, len(texts))], "; ")
	if more := len(texts) - shownDifferences; more > 0 {
		shown += fmt.Sprintf("; and %d more", more)
	}
	return errors.New(shown)
}

// unchanged waits until the nodes are what they were, but for what is planned.
func unchanged(
	ctx context.Context, machines harness.Observer, before map[string]harness.Fingerprint, paths []string, planned []drift.Planned,
) error {
	return waitForNoDrift.Until(ctx, func(ctx context.Context) error {
		after, err := look(ctx, machines, paths)
		if err != nil {
			return err
		}
		return unplanned(before, after, planned)
	})
}
