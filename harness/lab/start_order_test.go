package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: a node is started when all are ready that it comes after, and at once when there are none. Method: four nodes that each
// take a second to be ready, in the reverse of their order.
func TestNodesStartAfterOthers(t *testing.T) {
	nodes := []harness.Node{
		{Name: "lb-1", After: []string{"db-1", "db-2"}}, {Name: "db-2", After: []string{"db-1"}}, {Name: "db-1"}, {Name: "dns-1"},
	}
	synctest.Test(t, func(t *testing.T) {
		order, began := newStartOrder(harness.Topology{Nodes: nodes}), time.Now()
		var mu sync.Mutex
		started := map[string]time.Duration{}
		var group sync.WaitGroup
		for _, node := range nodes {
			group.Go(func() {
				if err := order.await(t.Context(), node); err != nil {
					t.Error(err)
				}
				mu.Lock()
				started[node.Name] = time.Since(began)
				mu.Unlock()
				time.Sleep(time.Second)
				order.ready(node.Name)
			})
		}
		order.ready(harness.VantageObserver)
		group.Wait()
		if got, want := fmt.Sprint(started), "map[db-1:0s db-2:1s dns-1:0s lb-1:2s]"; got != want {
			t.Errorf("started after %s, want %s", got, want)
		}
	})
}

// Goal: a node whose predecessor never is ready ends with its lab, and says whom it waited for. Method: end the context for a
// reason.
func TestNobodyWaitsForALabThatFails(t *testing.T) {
	node := harness.Node{Name: "db-2", After: []string{"db-1"}}
	ctx, end := context.WithCancelCause(t.Context())
	end(errors.New("boot db-1: no space left"))
	err := newStartOrder(harness.Topology{Nodes: []harness.Node{{Name: "db-1"}, node}}).await(ctx, node)
	if err == nil || err.Error() != "wait until db-1 is ready: boot db-1: no space left" {
		t.Errorf("the error is %v", err)
	}
}

// A starting is a system that is ready at its third look, or never, and that may end before.
type starting struct {
	harness.Operator
	never, ended bool
	looks        [][]string
}

func (s *starting) Exec(_ context.Context, _ string, argv ...string) ([]byte, error) {
	if s.looks = append(s.looks, argv); s.never || len(s.looks) < 3 {
		return nil, errors.New("no response")
	}
	return nil, nil
}

func (s *starting) Status(context.Context, string) (harness.SystemStatus, error) {
	if s.ended {
		return harness.SystemStatus{ExitCode: 3, Ended: time.Now()}, nil
	}
	return harness.SystemStatus{Running: true}, nil
}

func (*starting) Log(context.Context, string, time.Time) ([]harness.LogLine, error) {
	return []harness.LogLine{{Text: "no such database"}}, nil
}

// Goal: a system is ready when its own command says so; one that has none is at once, one that has ended never will be unless
// somebody starts it again, and one that never is has its limit. Method: systems of each kind on a fake clock.
func TestReadiness(t *testing.T) {
	ready := []string{"pg_isready", "-q"}
	for name, test := range map[string]struct {
		system   harness.System
		operator starting
		looks    int // -1: the last one may come with the limit, or not
		took     time.Duration
		err      string
	}{
		"without a command": {harness.System{}, starting{never: true}, 0, 0, ""},
		"in time":           {harness.System{Ready: ready}, starting{}, 3, 400 * time.Millisecond, ""},
		"ended": {
			harness.System{Ready: ready}, starting{never: true, ended: true}, 1, 0, `wait for db-1 to be ready (pg_isready -q): db-1: ` +
				`its system has ended with exit code 3, and has printed last: "no such database": no response`,
		},
		"started again": {harness.System{Ready: ready, Restart: time.Second}, starting{ended: true}, 3, 400 * time.Millisecond, ""},
		"never": {
			harness.System{Ready: ready},
			starting{never: true},
			-1, readyLimit,
			"wait for db-1 to be ready (pg_isready -q): not within 5m0s: no response",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, operator := time.Now(), test.operator
				err := awaitReady(t.Context(), &operator, harness.Node{Name: "db-1", System: test.system})
				if took := time.Since(began); took != test.took || test.looks >= 0 && len(operator.looks) != test.looks {
					t.Errorf("after %v and %d looks, want %v and %d", took, len(operator.looks), test.took, test.looks)
				}
				if said := fmt.Sprint(err); err != nil && said != test.err || err == nil && test.err != "" {
					t.Errorf("it says %s, want %s", said, test.err)
				}
				if len(operator.looks) > 0 && !slices.Equal(operator.looks[0], ready) {
					t.Errorf("it was asked by %s", strings.Join(operator.looks[0], " "))
				}
			})
		})
	}
}
