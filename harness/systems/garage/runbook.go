package garage

import (
	"context"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configurationFolder is where every node has garage.toml.
const configurationFolder = "/etc"

// StopRenumberStart stops every node, writes the new addresses into garage.toml, and starts them again. From then on they
// announce where they are now, and look for each other there.
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// NodeConnect tells running nodes their peers anew, by Garage's own command: it writes the new addresses into garage.toml,
// without which the command does not find its own node, and has every node connect to every other. None of them is started
// again, so that until then they announce the addresses that they had.
func NodeConnect() harness.Runbook {
	return runbook.Of("garage: node connect",
		Agents().Readdress(nil),
		harness.Step{Name: "connect every node with every other", Do: connectAll})
}

// connectAll runs the command on every node, for every other one.
func connectAll(ctx context.Context, operator harness.Operator) error {
	nodes, err := members(operator)
	if err != nil {
		return err
	}
	identities := map[string]string{}
	for _, node := range nodes {
		if identities[node.Name], err = identityOf(ctx, operator, node.Name); err != nil {
			return err
		}
	}
	return runbook.OnEach(ctx, nodes, func(ctx context.Context, node harness.Node) error {
		for _, other := range nodes {
			if other.Name == node.Name {
				continue
			}
			if _, err := operator.Exec(ctx, node.Name, program, "node", "connect", identities[other.Name]); err != nil {
				return fmt.Errorf("connect to %s: %w", other.Name, err)
			}
		}
		return nil
	})
}

// Agents are Garage's on every node that runs it, for the procedures of package runbook.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "Garage",
		Roles:   []string{ServerRole},
		Folder:  configurationFolder,
		Answers: func(ctx context.Context, observer harness.Observer, node string) error {
			// That it listens, with a quorum or without: a node that is started first has none.
			connection, err := observer.Dial(ctx, node, "tcp", "127.0.0.1:3903")
			if err != nil {
				return err
			}
			return connection.Close()
		},
	}
}
