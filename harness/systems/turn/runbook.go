package turn

import (
	"context"

	"github.com/pion/turn/v4"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// configurationFolder is where every node has the server's configuration.
const configurationFolder = "/etc"

// StopRenumberStart stops every TURN server, writes the new addresses into the configuration, external-ip among them, and starts
// them again. A restart is what it takes: coturn reads external-ip once. Calls that still work end by it.
func StopRenumberStart() harness.Runbook { return runbook.Renumbering{Service: Agents()} }

// Agents are the servers on every node that runs one, for the procedures of package runbook.
func Agents() runbook.Service {
	return runbook.Service{
		Product: "coturn",
		Roles:   []string{ServerRole},
		Folder:  configurationFolder,
		Answers: answers,
	}
}

// answers asks the server on the node by STUN for the address that it sees the operator at, over TCP.
func answers(ctx context.Context, observer harness.Observer, node string) error {
	server := Server{Node: node}
	connection, err := observer.Dial(ctx, node, "tcp4", loopback.String())
	if err != nil {
		return err
	}
	client, err := server.over(ctx, turn.NewSTUNConn(connection), loopback, "")
	if err != nil {
		return err
	}
	defer client.end()
	_, err = client.SendBindingRequest()
	return ended(ctx, err)
}
