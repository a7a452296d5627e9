package drill_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drill"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// A lab in memory, whose machines can be stopped and started.
type machines struct{ *labtest.Lab }

func (machines) Apply(context.Context, []harness.NodeActions) (harness.Impact, error) {
	return harness.Impact{}, errors.New("these machines have no cables to pull")
}

func (machines) Interruptions() []harness.Interruption { return nil }

// runs claims that the main process of the only machine is there.
var runs = probe.Func{
	Label: "the site runs", Every: 10 * time.Millisecond,
	Ask: func(ctx context.Context, observer harness.Observer) error {
		status, err := observer.Status(ctx, "site-1")
		if err == nil && !status.Running {
			err = errors.New("it has ended")
		}
		return err
	},
}

// A drill without Ginkgo: a service is stopped, and its operator starts it again. Package suite does the same on real machines,
// and writes the record.
func Example() {
	ctx := context.Background()
	memory := labtest.New(harness.Topology{Name: "site", Nodes: []harness.Node{{Name: "site-1", Role: "site"}}})
	defer memory.Close()
	one, err := drill.New(machines{memory}, harness.Plan{
		ID: "first", Scenario: "site", Title: "a stopped site is started",
		Objective: harness.Objective{RTO: time.Minute, Dwell: 100 * time.Millisecond, NoData: true},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer one.Close(ctx) //nolint:errcheck // all that it could not do is in the record

	stop := runbook.Of("stop the site", harness.Step{
		Name: "stop",
		Do:   func(ctx context.Context, operator harness.Operator) error { return operator.Stop(ctx, "site-1") },
	})
	start := runbook.Of("start the site", harness.Step{
		Name: "start",
		Do:   func(ctx context.Context, operator harness.Operator) error { return operator.Start(ctx, "site-1") },
	})
	steady := harness.All(runs)
	for _, step := range []func() error{
		func() error { return one.Baseline(ctx, steady) },
		func() error { return one.Inject(ctx, fault.Maintenance{Runbook: stop}) },
		func() error { return one.Detect(ctx, steady) },
		func() error { return one.Repair(ctx, start) },
		func() error { return one.AwaitRecovery(ctx, steady) },
	} {
		if err := step(); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := one.Judge(); err != nil { // as on a machine that is too busy to look every 10 ms
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Println("recovered by", one.Record().Judgement.RecoveredBy)
	// Output:
	// recovered by runbook
}
