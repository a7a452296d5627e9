package runbook_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// Goal: nodes are worked on at the same time, all of them whatever happens to one, and every error
// is told in the order of the nodes.
// Method: three nodes of which the first takes longest and two fail, on a fake clock.
func TestOnEachWorksOnAllNodesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := []harness.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}}
		broken := errors.New("broken")
		began := time.Now()
		err := runbook.OnEach(t.Context(), nodes, func(_ context.Context, node harness.Node) error {
			switch node.Name {
			case "a":
				time.Sleep(2 * time.Second)
				return broken
			case "b":
				time.Sleep(time.Second)
				return nil
			}
			return errors.New("worse")
		})
		if err == nil || err.Error() != "a: broken; c: worse" {
			t.Errorf("the error is %v", err)
		}
		if !errors.Is(err, broken) {
			t.Error("the cause cannot be found in the error")
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v: not at once", took)
		}
	})
}

// Goal: no error is nil, so that "err != nil" can be trusted.
// Method: run on nodes that all succeed, and on none.
func TestOnEachWithoutErrors(t *testing.T) {
	fine := func(context.Context, harness.Node) error { return nil }
	for _, nodes := range [][]harness.Node{nil, {{Name: "a"}, {Name: "b"}}} {
		if err := runbook.OnEach(t.Context(), nodes, fine); err != nil {
			t.Errorf("%d nodes: %v", len(nodes), err)
		}
	}
}

// Goal: only files of the folder that the edit changes are written; a node without any is an error.
// Method: edit a node with a file that changes, one that does not, and one in a folder whose name
// only begins the same.
func TestEditFiles(t *testing.T) {
	node := harness.Node{Name: "a", System: harness.System{Files: []harness.File{
		{Path: "/etc/x.d/one", Mode: 0o600, Data: []byte("old")},
		{Path: "/etc/x.d/two", Data: []byte("same")},
		{Path: "/etc/x.data", Data: []byte("old")},
	}}}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{node}})
	edit := func(file harness.File) ([]byte, error) {
		return bytes.ReplaceAll(file.Data, []byte("old"), []byte("new")), nil
	}
	testkit.Must(t, runbook.EditFiles(t.Context(), machines, node, "/etc/x.d", edit))
	if got := machines.Journal(); !slices.Equal(got, []string{"write a: /etc/x.d/one"}) {
		t.Errorf("was done: %q", got)
	}
	if text, _ := machines.ReadFile(t.Context(), "a", "/etc/x.d/one"); string(text) != "new" {
		t.Errorf("the file holds %q", text)
	}
	err := runbook.EditFiles(t.Context(), machines, node, "/etc/y.d", edit)
	labtest.Expect(t, err, "no configuration file below /etc/y.d")
}
