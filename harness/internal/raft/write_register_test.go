package raft

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A shelf is a RegisterClient over one map, with the answers of one failure, and a confirmation that
// finds another value so many times first.
type shelf struct {
	values    map[string]string
	index     uint64
	failure   error
	disturbed int
	confirmed int
}

func (s *shelf) Look(_ context.Context, key string) (string, uint64, error) {
	if s.values[key] == "" {
		return "", 0, s.failure
	}
	return s.values[key], s.index, s.failure
}

func (s *shelf) Confirm(_ context.Context, key, value string, index uint64) error {
	if s.disturbed > 0 {
		s.disturbed--
		s.index++
		return ErrMismatch
	}
	s.confirmed++
	if s.values[key] != value || value != "" && index != s.index {
		return ErrMismatch
	}
	return nil
}

func (s *shelf) Write(_ context.Context, key, value string) error {
	if s.failure == nil {
		s.index++
		s.values[key] = value
	}
	return s.failure
}

func (s *shelf) CompareAndSet(_ context.Context, key, value string, index uint64) error {
	if index != s.index {
		return ErrMismatch
	}
	return s.Write(context.Background(), key, value)
}

func do(kind harness.OperationKind, expected, value int) harness.Operation {
	return harness.Operation{Key: 4, Kind: kind, Expected: expected, Value: value}
}

// Goal: the operations do what they say, and a compare-and-set does nothing when it finds another value.
// Method: operations in a row on one key, each with what it must return and leave behind.
func TestOperate(t *testing.T) {
	kept := &shelf{values: map[string]string{}}
	for i, c := range []struct {
		operation harness.Operation
		found     int
		outcome   string
		then      string
	}{
		{do(harness.OperationRead, 0, 0), 0, acknowledged, ""},
		{do(harness.OperationWrite, 0, 5), 0, acknowledged, "5"},
		{do(harness.OperationRead, 0, 0), 5, acknowledged, "5"},
		{do(harness.OperationCompareAndSet, 9, 6), 0, refused, "5"},
		{do(harness.OperationCompareAndSet, 5, 6), 0, acknowledged, "6"},
		{do(harness.OperationRead, 0, 0), 6, acknowledged, "6"},
		{do("append", 0, 7), 0, refused, "6"},
	} {
		found, err := Operate(t.Context(), kept, "a", "drill/x", c.operation, readStatus)
		if found != c.found || outcomeOf(err) != c.outcome || kept.values["drill/x/4"] != c.then {
			t.Errorf("%d: found %d, %s (%v), then %q", i, found, outcomeOf(err), err, kept.values["drill/x/4"])
		}
	}
	if kept.confirmed != 3 {
		t.Errorf("%d of 3 reads were confirmed", kept.confirmed)
	}
}

// Goal: a read that failed is refused whatever went wrong, since it has applied nothing, and so is a
// compare-and-set that failed before it wrote.
// Method: a failure after which the outcome of a write would be unknown.
func TestOperateRefusesWhatOnlyLooked(t *testing.T) {
	for _, kind := range []harness.OperationKind{harness.OperationRead, harness.OperationCompareAndSet} {
		failing := &shelf{failure: statusError{500, "leadership lost while committing log"}}
		if _, err := Operate(t.Context(), failing, "a", "drill/x", do(kind, 0, 5), readStatus); outcomeOf(err) != refused {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Goal: a write that may have arrived is unknown and is not repeated; one that met nobody is refused; no
// other server is asked.
// Method: writes over HTTP to servers that answer, hang up, refuse and are down.
func TestOperateOverHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		server  http.HandlerFunc
		outcome string
	}{
		"answered": {fine, acknowledged}, "down": {nil, refused}, "hung up": {rude, unknown},
		"no leader":       {says(500, "No cluster leader"), refused},
		"lost leadership": {says(500, "leadership lost while committing log"), unknown},
	} {
		observer, _ := cluster(t, c.server, fine)
		var asked []string
		write := put(observer, &asked)
		_, err := Operate(t.Context(), overHTTP{write}, "a", "drill/x", do(harness.OperationWrite, 0, 5), readStatus)
		if outcomeOf(err) != c.outcome || strings.Join(asked, " ") != "a" {
			t.Errorf("%s: %v by %v", name, err, asked)
		}
	}
}

type overHTTP struct {
	put func(ctx context.Context, node string) error
}

func (o overHTTP) Look(context.Context, string) (string, uint64, error)  { return "", 0, nil }
func (o overHTTP) Confirm(context.Context, string, string, uint64) error { return nil }
func (o overHTTP) Write(ctx context.Context, _, _ string) error          { return o.put(ctx, "a") }
func (o overHTTP) CompareAndSet(ctx context.Context, _, _ string, _ uint64) error {
	return o.put(ctx, "a")
}

// Goal: a read that met a write is tried again, but not for ever, and what no client wrote is not a value.
// Method: registers that change between the look and its confirmation, and one that holds text.
func TestOperateConfirmsReads(t *testing.T) {
	for disturbed, want := range map[int]string{0: acknowledged, confirmations - 1: acknowledged, confirmations: refused} {
		kept := &shelf{values: map[string]string{"drill/x/4": "5"}, disturbed: disturbed}
		found, err := Operate(t.Context(), kept, "a", "drill/x", do(harness.OperationRead, 0, 0), readStatus)
		if outcomeOf(err) != want || want == acknowledged && found != 5 {
			t.Errorf("disturbed %d times: %d, %v", disturbed, found, err)
		}
	}
	_, err := Operate(t.Context(), &shelf{values: map[string]string{"drill/x/4": "five"}}, "a", "drill/x",
		do(harness.OperationRead, 0, 0), readStatus)
	testkit.Expect(t, err, `holds "five"`)
}

// Goal: a client is made once for a node, and one that could not be made or that belongs to an earlier
// drill is not kept.
// Method: count how often one is made for nodes of two labs.
func TestClients(t *testing.T) {
	first, _ := cluster(t, fine)
	second, _ := cluster(t, fine)
	made := 0
	failing := true
	clients := NewClients(func(_ harness.Observer, node string) (string, error) {
		made++
		if failing {
			return "", errors.New("not today")
		}
		return node + strconv.Itoa(made), nil
	})
	if _, err := clients.Of(first, "a"); err == nil {
		t.Error("a client that could not be made is one")
	}
	failing = false
	for i, c := range []struct {
		observer   harness.Observer
		node, want string
	}{{first, "a", "a2"}, {first, "a", "a2"}, {first, "b", "b3"}, {second, "a", "a4"}, {second, "a", "a4"}} {
		if got, err := clients.Of(c.observer, c.node); got != c.want || err != nil {
			t.Errorf("%d: %q, %v, want %q", i, got, err, c.want)
		}
	}
}
