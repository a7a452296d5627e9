package raft

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// An Answer reads the HTTP status and the body out of an API client's error; false when the error
// is not an answer of the server at all.
type Answer func(err error) (status int, body string, answered bool)

// Write writes one entry by way of one server, a different one for each entry as behind a load
// balancer, and goes on to the next one only while nothing has been sent: a write that may have
// arrived is never repeated. What was certainly not applied is an ErrRefused.
func Write(
	ctx context.Context, nodes []harness.Node, entry int, write func(ctx context.Context, node string) error, answer Answer,
) error {
	var unreached []error
	for i := range nodes {
		node := nodes[(entry+i)%len(nodes)].Name
		traced, unsent := harness.Unsent(ctx)
		err := write(traced, node)
		if err == nil {
			return nil
		}
		status, body, answered := answer(err)
		err = fmt.Errorf("%s: %w", node, harness.Plain(err))
		switch {
		case answered && Refuses(status, body):
			return fmt.Errorf("%w: %w", harness.ErrRefused, err)
		case answered || !unsent():
			return err
		}
		unreached = append(unreached, err)
	}
	return fmt.Errorf("%w: no server was reached: %w", harness.ErrRefused, harness.JoinErrors(unreached...))
}

// Read reads by way of the first server that answers.
func Read(nodes []harness.Node, read func(node string) error) error {
	errs := []error{errors.New("no server could be read")}
	for _, node := range nodes {
		err := read(node.Name)
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", node.Name, harness.Plain(err)))
	}
	return harness.JoinErrors(errs...)
}

// Key makes the key of an entry of a ledger.
func Key(prefix string, entry int) string { return prefix + "/" + strconv.Itoa(entry) }

// Entry reads the number of an entry out of its key; false for keys of anything else.
func Entry(prefix, key string) (int, bool) {
	text, found := strings.CutPrefix(key, prefix+"/")
	if !found {
		return 0, false
	}
	entry, err := strconv.Atoi(text)
	return entry, err == nil
}
