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

// Whoever writes a fault, a probe, a ledger or a runbook has it tested like those that are here. This one powers a machine off by
// its button, and does not look before it does: the sentence says so.
func ExampleTestFault() {
	system := harness.System{Command: []string{"server"}}
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "web-1", System: system}}})
	defer machines.Close()
	fmt.Println(labtest.TestFault(context.Background(), machines, labtest.FaultCase{Fault: button{"web-1"}}))
	fmt.Println(labtest.TestFault(context.Background(), machines, labtest.FaultCase{
		Fault: button{"web-1"}, Refused: []harness.Fault{button{"web-9"}},
	}))
	// Output:
	// <nil>
	// the fault "web-1 off": {node:web-9}, which makes no sense, is not refused before anything is done: it did power off web-9
}

// button is the fault under test.
type button struct{ node string }

func (b button) Describe() string { return b.node + " off" }

func (b button) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	struck := harness.Impact{Before: time.Now()}
	return pressed{b.node, lab, struck}, lab.PowerOff(ctx, b.node)
}

type pressed struct {
	node   string
	lab    harness.Lab
	struck harness.Impact
}

func (p pressed) Impact() harness.Impact { return p.struck }

func (p pressed) Confirm(ctx context.Context) (string, error) {
	status, err := p.lab.Status(ctx, p.node)
	if err == nil && status.Running {
		err = fmt.Errorf("%s runs", p.node)
	}
	return p.node + " does not run", err
}

func (p pressed) Revert(ctx context.Context) error { return p.lab.PowerOn(ctx, p.node) }
