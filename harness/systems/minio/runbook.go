package minio

import (
	"context"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configurationFolder is where every node has the file of MinIO's systemd unit.
const configurationFolder = "/etc/default"

// StopRenumberStart tells every node its peers anew: it stops all of them, writes the new addresses into the lists, and
// starts them. That is MinIO's own way, since a running node takes no other list, and it has to be all nodes: one that did
// not move itself still has the others' old addresses.
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// StopRenumberStartOn does the same on one node alone.
func StopRenumberStartOn(node string) harness.Runbook {
	return runbook.Renumbering{Service: Agents().On(node)}
}

// Agents are MinIO's on every node that runs it, for the procedures of package runbook.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "MinIO",
		Roles:   []string{ServerRole},
		Folder:  configurationFolder,
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			// That it runs, with a quorum or without: a node that is started first has none.
			_, err := ask(ctx, observer, node, "/minio/health/live", nil)
			return err
		},
	}
}
