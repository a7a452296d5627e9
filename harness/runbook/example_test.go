package runbook_test

import (
	"context"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// An operator's procedure for a machine without power. The decision takes a person ten minutes, which nobody waits for here.
func Example() {
	ctx := context.Background()
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{{Name: "web-1"}}})
	defer machines.Close()
	if err := machines.PowerOff(ctx, "web-1"); err != nil {
		fmt.Println(err)
	}

	steps := append([]harness.Step{{Name: "decide", Declared: 10 * time.Minute}}, runbook.PowerOn{Node: "web-1"}.Steps()...)
	procedure := runbook.Of("bring web-1 back", steps...)
	for _, step := range procedure.Steps() {
		fmt.Println(step.Name, step.Declared)
	}
	if _, err := runbook.Run(ctx, machines, runbook.PowerOn{Node: "web-1"}); err != nil {
		fmt.Println(err)
	}
	status, err := machines.Status(ctx, "web-1")
	fmt.Println("running:", status.Running, err)
	// Output:
	// decide 10m0s
	// power on web-1 0s
	// running: true <nil>
}
