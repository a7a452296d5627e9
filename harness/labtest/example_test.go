package labtest_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A runbook is tested without a container engine: what it does to a machine, and in which order.
func Example() {
	ctx := context.Background()
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "web-1"}}})
	defer machines.Close()
	machines.Serve("web-1", "127.0.0.1:8080", labtest.Says(http.StatusOK, "up")) // for whoever is logged in on web-1
	machines.OnStart = func(node string) { machines.Print(node, "ready") }
	began := time.Now()

	done, err := labtest.Perform(ctx, machines, restart{})
	for _, step := range done {
		fmt.Println(step)
	}
	fmt.Println("error:", err)
	printed, err := machines.Log(ctx, "web-1", began)
	fmt.Println(len(printed), printed[0].Text, err)
	// Output:
	// stop it: stop web-1
	// start it: start web-1
	// error: <nil>
	// 1 ready <nil>
}

// restart is the runbook under test.
type restart struct{}

func (restart) Name() string { return "restart web-1" }

func (restart) Steps() []harness.Step {
	return []harness.Step{
		{Name: "stop it", Do: func(ctx context.Context, operator harness.Operator) error { return operator.Stop(ctx, "web-1") }},
		{Name: "start it", Do: func(ctx context.Context, operator harness.Operator) error { return operator.Start(ctx, "web-1") }},
	}
}
