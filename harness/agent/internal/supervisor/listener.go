//go:build linux

package supervisor

import (
	"fmt"
	"log"
	"net"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// agentProcess is the agent's: the first of the node's process namespace, whose number no other process can have.
const agentProcess = 1

// Listen opens the socket that the node's agent is to connect to. Everybody in the node's network namespace reaches it, and
// products run as root: whoever connects is asked for by the number of its process, and all but the agent are sent away.
func Listen(refused *log.Logger) (net.Listener, error) {
	listener, err := net.Listen("unix", protocol.SystemSocket)
	if err != nil {
		return nil, fmt.Errorf("listen for the agent: %w", err)
	}
	return agentOnly{listener, refused}, nil
}

// agentOnly accepts connections of the agent.
type agentOnly struct {
	net.Listener
	refused *log.Logger
}

// Accept waits for the next connection of the agent.
func (l agentOnly) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		process, err := protocol.PeerProcess(connection)
		if err == nil && process == agentProcess {
			return connection, nil
		}
		_ = connection.Close()
		l.refused.Printf("process %d asked the supervisor for something, which only the agent may: %v", process, err)
	}
}
