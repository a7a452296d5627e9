package consul

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// What Consul prints, as evidence to look for. The wording was seen on 1.22.5.
const (
	// LogQuorumLost: a leader steps down (hashicorp/raft).
	LogQuorumLost = "failed to contact quorum of nodes, stepping down"
	// LogLeaderElected: a leader has been elected and is known here.
	LogLeaderElected = "New leader elected"
	// LogInitialConfiguration: the peers in the Raft log at a start, which after a change of addresses
	// are the old ones.
	LogInitialConfiguration = "initial configuration"
	// LogCannotBind: a running server whose address is gone tries to reach its peers.
	LogCannotBind = "bind: cannot assign requested address"
	// LogNameConflict: a server that moved under its old name is refused (hashicorp/serf).
	LogNameConflict = "Node name conflicts with another node at"
	// LogAddressConflict: what its peers print meanwhile (hashicorp/memberlist).
	LogAddressConflict = "Conflicting address for"
)

// LogLines returns the lines that the node's agent has printed since then and that contain the
// text, oldest first; none is no error.
func LogLines(ctx context.Context, observer harness.Observer, node string, since time.Time, text string) ([]harness.LogLine, error) {
	lines, err := observer.Log(ctx, node, since)
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", node, err)
	}
	var found []harness.LogLine
	for _, line := range lines {
		if strings.Contains(line.Text, text) {
			found = append(found, line)
		}
	}
	return found, nil
}
