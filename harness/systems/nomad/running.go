package nomad

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// Running claims that the leader counts an allocation of the job as running on a node that is
// ready. It asks the leader on purpose: without one, every server would go on answering "running"
// from memory. It says what Nomad believes; whether the service answers is [Answers]. It is asked
// every 500 ms.
func Running(job string) harness.Probe {
	return probe.Func{
		Label: "nomad job " + job + " running", Every: runningPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			return askAny(ctx, observer, func(ctx context.Context, client *api.Client) error { return runs(ctx, client, job) })
		},
	}
}

// runningPeriod is how often the leader is asked, and so the resolution of the figures.
const runningPeriod = 500 * time.Millisecond

// runs tells why no allocation of the job runs on a ready node, or nil.
func runs(ctx context.Context, client *api.Client, job string) error {
	allocations, _, err := client.Jobs().Allocations(job, false, fromLeader(ctx))
	if err != nil {
		return err
	}
	nodes, _, err := client.Nodes().List(fromLeader(ctx))
	if err != nil {
		return err
	}
	states := map[string]string{}
	for _, node := range nodes {
		states[node.ID] = node.Status
	}
	seen := "no allocation"
	for _, allocation := range allocations {
		state := states[allocation.NodeID]
		if allocation.ClientStatus == api.AllocClientStatusRunning && state == api.NodeStatusReady {
			return nil
		}
		seen = fmt.Sprintf("allocation %s on a node that is %s", allocation.ClientStatus, state)
	}
	return fmt.Errorf("job %s does not run: %s", job, seen)
}
